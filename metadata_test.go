package toygres

import (
	"errors"
	"strings"
	"testing"
)

func TestMetadataKeepsToItsRules(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		change      MetadataChange
		field, rule string // "" for what is allowed
	}{
		{MetadataChange{}, "", ""},
		{MetadataChange{DisplayName: text("Bestellungen 🐘"), Description: text("two\nlines")}, "", ""},
		{MetadataChange{DisplayName: text(""), Description: text("")}, "", ""},
		{MetadataChange{Tags: map[string]*string{"team/db.x_1": text(""), "gone": nil}}, "", ""},
		{MetadataChange{DisplayName: text(strings.Repeat("ä", MaxDisplayNameLength))}, "", ""},
		{MetadataChange{DisplayName: text(strings.Repeat("ä", MaxDisplayNameLength+1))}, "display_name", "max_length"},
		{MetadataChange{DisplayName: text("two\nlines")}, "display_name", "printable"},
		{MetadataChange{DisplayName: text("\x1b[2J")}, "display_name", "printable"},
		{MetadataChange{Description: text("turned \u202e round")}, "description", "printable"},
		{MetadataChange{Description: text(strings.Repeat("x", MaxDescriptionLength+1))}, "description", "max_length"},
		{MetadataChange{Tags: map[string]*string{"": text("x")}}, "tags", "tag_name"},
		{MetadataChange{Tags: map[string]*string{"-a": nil}}, "tags", "tag_name"},
		{MetadataChange{Tags: map[string]*string{strings.Repeat("a", 64): nil}}, "tags", "tag_name"},
		{MetadataChange{Tags: map[string]*string{"a": text(strings.Repeat("x", MaxTagValueLength+1))}}, "tags.a", "max_length"},
		{MetadataChange{Tags: map[string]*string{"a": text("x\ty")}}, "tags.a", "printable"},
	} {
		err := c.change.Validate()
		var known *Error
		switch {
		case c.rule == "" && err != nil:
			t.Errorf("%+v: %v", c.change, err)
		case c.rule == "":
		case !errors.As(err, &known) || known.Code != CodeInvalid || len(known.Fields) != 1 ||
			known.Fields[0].Field != c.field || known.Fields[0].Rule != c.rule || known.Fields[0].Message == "":
			t.Errorf("%+v: %v, want the field %s and the rule %s", c.change, err, c.field, c.rule)
		}
	}
}
