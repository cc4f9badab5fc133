package toygres

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// RuntimeImage is a container image that instances may run instead of their
// provider's own, as the catalog knows it. It never changes.
type RuntimeImage struct {
	Name        string // DNS-1123 label
	Reference   string // host and repository, without tag
	Digest      string // sha256:…
	Description string // for people
	Instances   int    // how many use it, with those in the trash
	CreatedAt   time.Time
}

// MaxImageNameLength is that of a DNS-1123 label.
const MaxImageNameLength = 63

// References and digests as the distribution specification of the Open
// Container Initiative writes them.
const (
	referencePattern = `[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+`
	digestPattern    = `sha256:[0-9a-f]{64}`
)

var (
	imageReference = regexp.MustCompile(`^` + referencePattern + `$`)
	imageDigest    = regexp.MustCompile(`^` + digestPattern + `$`)
	pinned         = regexp.MustCompile(`^` + referencePattern + `@` + digestPattern + `$`)
)

// Pinned returns the reference by which a provider gets exactly this image.
func (i RuntimeImage) Pinned() string { return i.Reference + "@" + i.Digest }

// Validate checks i against the rules and against where the provider lets
// images come from, with an answer like that of [Spec.Validate].
func (i RuntimeImage) Validate(offer Offer) error {
	var bad []FieldError
	add := func(field, rule, format string, args ...any) {
		bad = append(bad, FieldError{Field: field, Rule: rule, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case i.Name == "":
		add("name", "required", "must not be empty")
	case len(i.Name) > MaxImageNameLength:
		add("name", "max_length", "must have at most %d characters, not %d", MaxImageNameLength, len(i.Name))
	case !label.MatchString(i.Name):
		add("name", "dns_1123_label", labelRule)
	}
	switch {
	case offer.RuntimeRegistry == "":
		add("reference", "available", "can't be used: %s", offer.NoRuntimeImages)
	case !imageReference.MatchString(i.Reference):
		add("reference", "reference", "must be host and repository without tag and digest, such as %s/team/postgis", offer.RuntimeRegistry)
	case registryOf(i.Reference) != offer.RuntimeRegistry:
		add("reference", "registry", "must come from the registry %s, not from %s", offer.RuntimeRegistry, registryOf(i.Reference))
	}
	if !imageDigest.MatchString(i.Digest) {
		add("digest", "digest", "must be sha256: and 64 hexadecimal digits in lower case")
	}
	if len(bad) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Message: "the image can't be registered as asked: " + bad[0].Field + " " + bad[0].Message, Fields: bad}
}

// checkRuntimeImage is the part of [Spec.Validate] about the image.
func (s Spec) checkRuntimeImage(offer Offer) []FieldError {
	refuse := func(field, rule, format string, args ...any) []FieldError {
		return []FieldError{{Field: field, Rule: rule, Message: fmt.Sprintf(format, args...)}}
	}
	switch {
	case offer.RuntimeRegistry == "":
		return refuse("runtime_image", "available", "can't be used: %s; leave it out", offer.NoRuntimeImages)
	case s.ImageType != ImageStock:
		return refuse("image_type", "stock", "must be %q with a runtime image, not %q", ImageStock, s.ImageType)
	case !pinned.MatchString(s.RuntimeImage):
		return refuse("runtime_image", "digest", "must be a reference with a digest, such as %s/postgres@sha256:…", offer.RuntimeRegistry)
	case registryOf(s.RuntimeImage) != offer.RuntimeRegistry:
		return refuse("runtime_image", "registry", "must come from the registry %s, not from %s", offer.RuntimeRegistry, registryOf(s.RuntimeImage))
	}
	return nil
}

func registryOf(reference string) string {
	host, _, _ := strings.Cut(reference, "/")
	return host
}
