package local

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/providers/providertest"
)

func runs(t *testing.T, p *Provider, id toygres.InstanceID) toygres.Release {
	t.Helper()
	_, err := providertest.Await(t.Context(), p, id, toygres.PhaseReady)
	require.NoError(t, err)
	var version string
	require.NoError(t, connect(t, p, id).QueryRow(t.Context(), "SHOW server_version").Scan(&version))
	return toygres.ParseRelease(version)
}

func TestAServerRunsTheNewestReleaseOnceItStartsAnew(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	newer := config.Prefixes[0]
	config.Prefixes = []string{postgrestest.OlderPrefix(t)}
	before := newProvider(t, config)
	id, spec := newInstance(18)
	older := before.Release(spec)
	require.Equal(t, 18, older.Major)
	require.NoError(t, before.Provision(t.Context(), id, spec))
	require.Equal(t, older, runs(t, before, id))

	config.Prefixes = append(config.Prefixes, newer)
	p := newProvider(t, config)
	release := p.Release(spec)
	require.True(t, release.IsUpgradeOf(older), "%s, %s", release, older)
	require.Equal(t, older, runs(t, p, id), "what runs is left alone")
	require.NoError(t, p.Restart(t.Context(), id, "upgrade"))
	require.Equal(t, release, runs(t, p, id))
	require.Zero(t, p.Release(toygres.Spec{Version: 14}))
}

// Distributions replace the files of the release before.
func TestAReleaseThatReplacesAnotherInItsPlaceIsNoticed(t *testing.T) {
	t.Parallel()
	config := newConfig(t, newDir(t))
	place, newer := filepath.Join(newDir(t), "postgresql"), config.Prefixes[0]
	require.NoError(t, os.Symlink(postgrestest.OlderPrefix(t), place))
	config.Prefixes = []string{place}
	p := newProvider(t, config)
	_, spec := newInstance(18)
	older := p.Release(spec)
	require.NoError(t, os.Remove(place))
	require.NoError(t, os.Symlink(newer, place))
	require.True(t, p.Release(spec).IsUpgradeOf(older))
}
