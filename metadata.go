package toygres

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what may be said of an instance, in characters.
const (
	MaxDisplayNameLength = 100
	MaxDescriptionLength = 2000
	MaxTags              = 50
	MaxTagValueLength    = 256
)

// tagName is a name that fits into labels, metrics and command lines as it is.
var tagName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_./]{0,61}[A-Za-z0-9])?$`)

// Metadata is what people say of an instance, and what they want done around
// it. None of it changes the server.
type Metadata struct {
	DisplayName        string            // one line beside the name; "" for none
	Description        string            // may have several lines
	Tags               map[string]string // never nil in an [Instance]
	DeletionProtection bool              // it can't be deleted until this is off
	Monitored          bool              // its health is watched
}

// MetadataChange is what is to become of an instance's [Metadata]. A nil field
// leaves what is there as it is.
type MetadataChange struct {
	DisplayName        *string
	Description        *string
	Tags               map[string]*string // nil for a tag that is to go; tags that are not named stay
	DeletionProtection *bool
	Monitored          *bool
}

// Of is m after the change.
func (c MetadataChange) Of(m Metadata) Metadata {
	set := func(field *string, to *string) {
		if to != nil {
			*field = *to
		}
	}
	set(&m.DisplayName, c.DisplayName)
	set(&m.Description, c.Description)
	m.Tags = maps.Clone(m.Tags)
	for name, value := range c.Tags {
		if delete(m.Tags, name); value != nil {
			m.Tags[name] = *value
		}
	}
	if c.DeletionProtection != nil {
		m.DeletionProtection = *c.DeletionProtection
	}
	if c.Monitored != nil {
		m.Monitored = *c.Monitored
	}
	return m
}

// IsZero reports whether c changes nothing.
func (c MetadataChange) IsZero() bool {
	return c.DisplayName == nil && c.Description == nil && len(c.Tags) == 0 && c.DeletionProtection == nil && c.Monitored == nil
}

// Validate checks c against the rules. It returns an [Error] with CodeInvalid
// that lists every field that breaks one, or nil. That an instance comes to have
// too many tags is for the catalog to see.
func (c MetadataChange) Validate() error {
	var bad []FieldError
	text := func(field string, value *string, longest int, allowed func(rune) bool, kind string) {
		switch {
		case value == nil:
		case utf8.RuneCountInString(*value) > longest:
			bad = append(bad, FieldError{Field: field, Rule: "max_length",
				Message: fmt.Sprintf("must have at most %d characters, not %d", longest, utf8.RuneCountInString(*value))})
		case strings.ContainsFunc(*value, func(r rune) bool { return !allowed(r) }):
			bad = append(bad, FieldError{Field: field, Rule: "printable", Message: "must be " + kind})
		}
	}
	text("display_name", c.DisplayName, MaxDisplayNameLength, unicode.IsPrint, "one line of printable text")
	text("description", c.Description, MaxDescriptionLength, func(r rune) bool { return unicode.IsPrint(r) || r == '\n' || r == '\t' }, "printable text")
	for _, name := range slices.Sorted(maps.Keys(c.Tags)) {
		if !tagName.MatchString(name) {
			bad = append(bad, FieldError{Field: "tags", Rule: "tag_name", Message: fmt.Sprintf(
				"can't have the name %q: it must be 1 to 63 letters, digits and -_./, and start and end with a letter or digit", abbreviated(name))})
			continue
		}
		text("tags."+name, c.Tags[name], MaxTagValueLength, unicode.IsPrint, "one line of printable text")
	}
	return invalid("the instance can't be changed as asked", bad)
}

// TooManyTags is the error for an instance that would have more tags than
// [MaxTags].
func TooManyTags() error {
	return invalid("the instance can't be changed as asked", []FieldError{{Field: "tags", Rule: "max_items",
		Message: fmt.Sprintf("can be at most %d on one instance; remove some first", MaxTags)}})
}

// invalid returns an [Error] that lists bad, or nil for none.
func invalid(what string, bad []FieldError) error {
	if len(bad) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Message: what + ": " + bad[0].Field + " " + bad[0].Message, Fields: bad}
}

// abbreviated bounds what a message repeats of a text that somebody sent.
func abbreviated(text string) string {
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return text
}
