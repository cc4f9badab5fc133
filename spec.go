package toygres

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Bounds of what may be asked. Storage is bounded by what Azure disks offer
// (32 TiB are only offered in some regions), hence 16 TiB.
const (
	MaxNameLength = 40
	MinStorageGiB = 1
	MaxStorageGiB = 16384
	MinCPUMillis  = 100
	MaxCPUMillis  = 128000
	MinMemoryMiB  = 128
	MaxMemoryMiB  = 1048576
	OldestVersion = 15
	NewestVersion = 18

	MaxAllowedCIDRs = 100
)

// Defaults of a new instance.
const (
	DefaultVersion    = 18
	DefaultCPUMillis  = 1000
	DefaultMemoryMiB  = 1024
	DefaultStorageGiB = 10
)

// label is a DNS-1123 label (RFC 1123, section 2.1, in lower case as Kubernetes
// wants it).
var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

const labelRule = "must be lower-case letters, digits and hyphens, and start and end with a letter or digit"

// reservedNames would be mistaken for PostgreSQL's or our own parts, in DNS
// names, commands and pages.
var reservedNames = []string{
	"admin", "api", "bulk", "catalog", "default", "kubernetes", "localhost", "new", "postgres",
	"root", "system", "temporal", "template0", "template1", "toygres", "ui", "worker",
}

// WithDefaults returns s with the default in every field that is zero.
func (s Spec) WithDefaults() Spec {
	if s.Version == 0 {
		s.Version = DefaultVersion
	}
	if s.CPUMillis == 0 {
		s.CPUMillis = DefaultCPUMillis
	}
	if s.MemoryMiB == 0 {
		s.MemoryMiB = DefaultMemoryMiB
	}
	if s.StorageGiB == 0 {
		s.StorageGiB = DefaultStorageGiB
	}
	if s.ImageType == "" {
		s.ImageType = ImageStock
	}
	if s.AllowedCIDRs == nil {
		s.AllowedCIDRs = []string{}
	}
	if s.Parameters == nil {
		s.Parameters = map[string]string{}
	}
	return s
}

// Validate checks s against the rules and against what the provider really
// offers. It returns an [Error] with CodeInvalid that lists every field that
// breaks a rule, or nil.
func (s Spec) Validate(offer Offer) error {
	var bad []FieldError
	add := func(field, rule, format string, args ...any) {
		bad = append(bad, FieldError{Field: field, Rule: rule, Message: fmt.Sprintf(format, args...)})
	}
	if f, ok := checkName(s.Name); !ok {
		bad = append(bad, f)
	}
	switch {
	case s.Version < OldestVersion || s.Version > NewestVersion:
		add("version", "supported", "PostgreSQL %d is not supported; choose one of %s", s.Version, join(offer.Versions))
	case !slices.Contains(offer.Versions, s.Version):
		add("version", "available", "PostgreSQL %d is not installed where instances live; choose one of %s", s.Version, join(offer.Versions))
	}
	bad = append(bad, s.Size().check()...)
	if !slices.Contains(offer.ImageTypes, s.ImageType) {
		add("image_type", "available", "image type %q is not offered here; choose one of %v", s.ImageType, offer.ImageTypes)
	}
	if s.RuntimeImage != "" || s.RuntimeImageName != "" {
		bad = append(bad, s.checkRuntimeImage(offer)...)
	}
	if s.Public && !offer.Public {
		add("public", "available", "public instances are not offered here; leave it out")
	}
	if s.Source != "" && !offer.Forks {
		add("source", "available", "instances can't be forked here; create an empty one and restore a dump")
	}
	bad = append(bad, s.checkConfigured(s.Configuration())...)
	return invalid("the instance can't be created as asked", bad)
}

// ValidateNew is [Spec.Validate] together with what is said of the new instance.
func ValidateNew(s Spec, metadata MetadataChange, offer Offer) error {
	return invalid("the instance can't be created as asked", append(FieldsOf(s.Validate(offer)), FieldsOf(metadata.Validate())...))
}

// ValidateName checks an instance name alone, with the same answer as
// [Spec.Validate].
func ValidateName(name string) error {
	if f, ok := checkName(name); !ok {
		return &Error{Code: CodeInvalid, Message: f.Field + " " + f.Message, Fields: []FieldError{f}}
	}
	return nil
}

func checkName(name string) (FieldError, bool) {
	f := FieldError{Field: "name"}
	switch {
	case name == "":
		f.Rule, f.Message = "required", "must not be empty"
	case len(name) > MaxNameLength:
		f.Rule, f.Message = "max_length", fmt.Sprintf("must have at most %d characters, not %d", MaxNameLength, len(name))
	case !label.MatchString(name):
		f.Rule, f.Message = "dns_1123_label", labelRule
	case slices.Contains(reservedNames, name):
		f.Rule, f.Message = "reserved", fmt.Sprintf("%q is reserved; choose another name", name)
	default:
		return f, true
	}
	return f, false
}

// checkCIDRs wants networks as PostgreSQL and Kubernetes read them: with all
// host bits zero, so that nobody is let in by a slip.
func checkCIDRs(cidrs []string) (FieldError, bool) {
	f := FieldError{Field: "allowed_cidrs"}
	if len(cidrs) > MaxAllowedCIDRs {
		f.Rule, f.Message = "max_items", fmt.Sprintf("must have at most %d networks, not %d", MaxAllowedCIDRs, len(cidrs))
		return f, false
	}
	for i, cidr := range cidrs {
		switch network, err := netip.ParsePrefix(cidr); {
		case err != nil:
			f.Rule, f.Message = "cidr", fmt.Sprintf("%q is no network; write it like 10.0.0.0/8 or 2001:db8::/32", cidr)
		case network.Masked().String() != cidr:
			f.Rule, f.Message = "cidr", fmt.Sprintf("%q is not written in full; write %s", cidr, network.Masked())
		case slices.Contains(cidrs[:i], cidr):
			f.Rule, f.Message = "unique", fmt.Sprintf("%s is listed twice", cidr)
		default:
			continue
		}
		return f, false
	}
	return f, true
}

func join(versions []int) string {
	if len(versions) == 0 {
		return "none (no PostgreSQL installation was found)"
	}
	s := make([]string, len(versions))
	for i, v := range versions {
		s[i] = fmt.Sprint(v)
	}
	return strings.Join(s, ", ")
}
