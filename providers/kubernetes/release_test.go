package kubernetes

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/toygres/toygres"
)

func TestTheReleaseIsWhatTheImagesTagSays(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		"postgres:18.4":                                    "18.4",
		"postgres:18.4-bookworm":                           "18.4",
		"registry.example.com:5000/team/postgres:18.10":    "18.10",
		"registry.example.com/postgres:18.4@sha256:abcdef": "18.4",
		"registry.example.com/postgres@sha256:abcdef":      "",
		"registry.example.com:5000/postgres":               "",
		"postgres:18":                                      "",
		"postgres:17.9":                                    "",
		"postgres:latest":                                  "",
	} {
		p, err := New(Config{Client: &rest.Config{Host: "https://nowhere.invalid"}, Namespace: "databases",
			Images: map[int]string{18: image}, RuntimeRegistry: "registry.example.com",
			PgDurableImages: map[int]string{18: "registry.example.com/pg_durable:0.2-pg18"}, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		spec := toygres.Spec{Version: 18}
		require.Equal(t, want, p.Release(spec).String(), image)
		spec.ImageType = toygres.ImagePgDurable
		require.Zero(t, p.Release(spec), "the tag counts something else")
		require.Zero(t, p.Release(toygres.Spec{Version: 18, RuntimeImage: "registry.example.com/postgres:18.4"}), "a runtime image is one release for ever")
	}
}
