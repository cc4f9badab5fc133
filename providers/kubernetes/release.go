package kubernetes

import (
	"fmt"
	"strings"

	"github.com/toygres/toygres"
)

// Release returns the release that the tag of the image says, for example 18.4
// of postgres:18.4-bookworm. Of an image that is named by its major version or
// its digest alone nobody knows before it runs, and a runtime image never
// becomes another one.
func (p *Provider) Release(spec toygres.Spec) toygres.Release {
	image, err := p.config.image(spec)
	if err != nil || spec.RuntimeImage != "" {
		return toygres.Release{}
	}
	release := toygres.ParseRelease(tag(image))
	if release.Major != spec.Version {
		return toygres.Release{} // it counts something else
	}
	return release
}

// tag is the tag of an image, "" for none.
func tag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:] // a registry may have a port
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// imageNow is the part of a strategic merge patch of a pod's template that names
// the image which the instance is to run by now, as settling would do: whatever
// starts a server must not depend on whether that came first. It is empty, and
// the image stays what it is, where none is offered any more.
func (p *Provider) imageNow(r record) string {
	image, err := p.config.image(r.spec)
	if err != nil {
		return "{}"
	}
	return fmt.Sprintf(`{"containers":[{"name":%q,"image":%q}]}`, containerName, image)
}
