package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres/openapi"
)

// imageCatalog answers for runtime images, and takes what it is asked to create.
type imageCatalog struct {
	images  []openapi.RuntimeImage
	created []openapi.CreateInstanceRequest
}

func (c *imageCatalog) answer(w http.ResponseWriter, r *http.Request) bool {
	name, one := strings.CutPrefix(r.URL.Path, "/api/runtime-images/")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/api/instances":
		var request openapi.CreateInstanceRequest
		_ = json.NewDecoder(r.Body).Decode(&request)
		c.created = append(c.created, request)
		refuse(w, 422, openapi.ErrorCodeInvalid, "no")
	case r.Method == http.MethodPost && r.URL.Path == "/api/runtime-images":
		var request openapi.RegisterRuntimeImageRequest
		_ = json.NewDecoder(r.Body).Decode(&request)
		image := openapi.RuntimeImage{Name: request.Name, Reference: request.Reference, Digest: request.Digest,
			Description: text(request.Description), CreatedAt: testNow}
		c.images = append(c.images, image)
		answer(w, 201, image)
	case r.Method == http.MethodGet && r.URL.Path == "/api/runtime-images":
		answer(w, 200, openapi.RuntimeImageList{Items: c.images})
	case r.Method == http.MethodGet && one && name == c.images[0].Name:
		answer(w, 200, c.images[0])
	case r.Method == http.MethodDelete && one:
		refuse(w, 409, openapi.ErrorCodeConflict, "instances use the runtime image: maps")
	default:
		return false
	}
	return true
}

func TestImagesAreRegisteredShownAndChosen(t *testing.T) {
	t.Parallel()
	s, images := newFakeServer(t), &imageCatalog{}
	s.override = images.answer
	u := signedInTo(t, s)
	digest := "sha256:" + strings.Repeat("0a", 32)
	r := u.run("images", "register", "postgis", "registry.example.com/team/postgis@"+digest, "--description", "With maps\x1b[31m.")
	require.Zero(t, r.code, r.err)
	require.Equal(t, []openapi.RuntimeImage{{Name: "postgis", Reference: "registry.example.com/team/postgis", Digest: digest,
		Description: "With maps\x1b[31m.", CreatedAt: testNow}}, images.images)
	require.Contains(t, r.out, "With maps.")

	r = u.run("images", "list")
	require.Regexp(t, `postgis +registry.example.com/team/postgis +0a0a0a0a0a0a +0 `, r.out)
	require.Contains(t, u.run("images", "get", "postgis", "-o", "yaml").out, "digest: "+digest)
	require.Contains(t, u.run("__complete", "create", "x", "--runtime-image", "post").out, "postgis\tWith maps.")

	r = u.run("images", "delete", "postgis")
	require.Equal(t, exitConflict, r.code)
	require.Contains(t, r.err, "maps")

	u.run("create", "maps", "--runtime-image", "postgis")
	require.Equal(t, "postgis", text(images.created[0].RuntimeImage))
	for _, wrong := range []string{"images register postgis", "images register postgis registry.example.com/postgis", "images delete", "images nonsense"} {
		r := u.run(strings.Fields(wrong)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", wrong, r.err)
	}
}
