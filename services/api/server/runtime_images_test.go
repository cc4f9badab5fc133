package server_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/server"
)

// elsewhere offers what a cluster would.
type elsewhere struct{ toygres.Provider }

func (p elsewhere) Offer(ctx context.Context) (toygres.Offer, error) {
	offer, err := p.Provider.Offer(ctx)
	offer.RuntimeRegistry, offer.NoRuntimeImages = "registry.example.com", ""
	offer.ImageTypes = append(offer.ImageTypes, toygres.ImagePgDurable)
	return offer, err
}

var digest = "sha256:" + strings.Repeat("0a", 32)

func image(name, reference, digest string) string {
	return `{"name":"` + name + `","reference":"` + reference + `","digest":"` + digest + `","description":"With maps."}`
}

func TestAnInstanceRunsARegisteredImageAndKeepsIt(t *testing.T) {
	t.Parallel()
	fake := &temporal{}
	a := start(t, fake.option, func(o *server.Options) { o.Provider = elsewhere{o.Provider} })
	admin, operator := a.asAdmin(), a.as(a.user("olga", toygres.RoleOperator))
	require.Equal(t, "registry.example.com", *decode[openapi.Offer](operator.get("/api/offer"), 200).RuntimeRegistry)

	body := image("postgis", "registry.example.com/team/postgis", digest)
	operator.post("/api/runtime-images", body).problem(403, toygres.CodeForbidden)
	registered := decode[openapi.RuntimeImage](admin.post("/api/runtime-images", body), 201)
	require.Equal(t, registered, decode[openapi.RuntimeImage](admin.post("/api/runtime-images", body), 200))
	require.Equal(t, registered, decode[openapi.RuntimeImage](operator.get("/api/runtime-images/postgis"), 200))
	require.Equal(t, []openapi.RuntimeImage{registered}, decode[openapi.RuntimeImageList](operator.get("/api/runtime-images"), 200).Items)
	problem := admin.post("/api/runtime-images", image("postgis", "registry.example.com/other", digest)).problem(409, toygres.CodeConflict)
	require.Equal(t, "name", (*problem.Errors)[0].Field)

	decode[openapi.Operation](operator.post("/api/instances", `{"name":"maps","runtime_image":"postgis"}`), 202)
	instance := decode[openapi.Instance](operator.get("/api/instances/maps"), 200)
	require.Equal(t, openapi.Stock, instance.ImageType)
	require.Equal(t, "postgis", *instance.RuntimeImage)
	require.Equal(t, "registry.example.com/team/postgis@"+digest, *instance.RuntimeImageReference)
	require.Equal(t, 1, decode[openapi.RuntimeImage](operator.get("/api/runtime-images/postgis"), 200).Instances)

	decode[openapi.Operation](operator.post("/api/instances", `{"name":"plain"}`), 202)
	users := decode[openapi.InstanceList](operator.get("/api/instances?runtime_image=postgis"), 200).Items
	require.Len(t, users, 1)
	require.Equal(t, "maps", users[0].Name)
	require.Empty(t, decode[openapi.InstanceList](operator.get("/api/instances?runtime_image=unused"), 200).Items)

	operator.delete("/api/runtime-images/postgis").problem(403, toygres.CodeForbidden)
	require.Contains(t, *admin.delete("/api/runtime-images/postgis").problem(409, toygres.CodeConflict).Detail, "maps")
	admin.delete("/api/runtime-images/nothing").problem(404, toygres.CodeNotFound)
	decode[openapi.RuntimeImage](admin.post("/api/runtime-images", image("unused", "registry.example.com/team/postgis", digest)), 201)
	require.Equal(t, 204, admin.delete("/api/runtime-images/unused").status)
	operator.get("/api/runtime-images/unused").problem(404, toygres.CodeNotFound)
}

func TestWhatIsWrongWithARuntimeImageIsNamed(t *testing.T) {
	t.Parallel()
	a := start(t, func(o *server.Options) { o.Provider = elsewhere{o.Provider} })
	admin := a.asAdmin()
	const reference = "registry.example.com/postgis"
	for body, want := range map[string][2]string{
		image("", reference, digest):                            {"name", "required"},
		image("Up", reference, digest):                          {"name", "dns_1123_label"},
		image("x", "postgis", digest):                           {"reference", "reference"},
		image("x", reference+":3", digest):                      {"reference", "reference"},
		image("x", reference+"@"+digest, digest):                {"reference", "reference"},
		image("x", reference+"\\nprivileged: true", digest):     {"reference", "reference"},
		image("x", "evil.example.com/postgis", digest):          {"reference", "registry"},
		image("x", "registry.example.com.evil/postgis", digest): {"reference", "registry"},
		image("x", reference, "sha256:0a"):                      {"digest", "digest"},
		image("x", reference, strings.ToUpper(digest)):          {"digest", "digest"},
	} {
		problem := admin.post("/api/runtime-images", body).problem(422, toygres.CodeInvalid)
		require.Equal(t, want, [2]string{(*problem.Errors)[0].Field, (*problem.Errors)[0].Rule}, body)
	}
	decode[openapi.RuntimeImage](admin.post("/api/runtime-images", image("postgis", reference, digest)), 201)
	for body, want := range map[string][2]string{
		`{"name":"demo","runtime_image":"nothing"}`:                           {"runtime_image", "exists"},
		`{"name":"demo","runtime_image":"postgis","image_type":"pg_durable"}`: {"image_type", "stock"},
	} {
		problem := admin.post("/api/instances", body).problem(422, toygres.CodeInvalid)
		require.Equal(t, want, [2]string{(*problem.Errors)[0].Field, (*problem.Errors)[0].Rule}, body)
	}
}

func TestProcessesRunNoImagesAndSayWhy(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.asAdmin()
	require.Nil(t, decode[openapi.Offer](admin.get("/api/offer"), 200).RuntimeRegistry)
	problem := admin.post("/api/instances", `{"name":"demo","runtime_image":"postgis"}`).problem(422, toygres.CodeInvalid)
	require.Equal(t, "runtime_image", (*problem.Errors)[0].Field)
	require.Contains(t, *problem.Detail, "run no container images")
	problem = admin.post("/api/runtime-images", image("x", "registry.example.com/postgis", digest)).problem(422, toygres.CodeInvalid)
	require.Equal(t, "reference", (*problem.Errors)[0].Field)
	require.Contains(t, *problem.Detail, "run no container images")
	require.Empty(t, decode[openapi.RuntimeImageList](admin.get("/api/runtime-images"), 200).Items)
}
