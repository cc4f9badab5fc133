package toygres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the parameters that may be set of one instance.
const (
	MaxParameters           = 100
	MaxParameterValueLength = 1000    // characters
	MaxParametersBytes      = 8 << 10 // of all names and values together
)

// Configuration is what is set of an instance's server beyond what follows from
// its size.
type Configuration struct {
	Parameters   map[string]string // PostgreSQL's, by their names in pg_settings
	AllowedCIDRs []string          // the networks from which clients may come; empty: wherever it can be reached from
}

// Settings are all that an update can change of an instance's server.
type Settings struct {
	Size          Size
	Configuration Configuration
}

// Configuration returns the configuration that s asks for.
func (s Spec) Configuration() Configuration {
	return Configuration{Parameters: s.Parameters, AllowedCIDRs: s.AllowedCIDRs}
}

// Configured returns s with another configuration.
func (s Spec) Configured(to Configuration) Spec {
	s.Parameters, s.AllowedCIDRs = to.Parameters, to.AllowedCIDRs
	return s
}

// Settings returns the settings that s asks for.
func (s Spec) Settings() Settings {
	return Settings{Size: s.Size(), Configuration: s.Configuration()}
}

// Equal reports whether c and other ask for the same.
func (c Configuration) Equal(other Configuration) bool {
	return len(c.Changed(other)) == 0 && slices.Equal(c.AllowedCIDRs, other.AllowedCIDRs)
}

// Equal reports whether s and other ask for the same.
func (s Settings) Equal(other Settings) bool {
	return s.Size == other.Size && s.Configuration.Equal(other.Configuration)
}

// ConfigurationMark is the parameter by which a server tells which
// configuration it has: its value is [Configuration.Mark].
const ConfigurationMark = "toygres.configuration"

// Mark tells c from every other configuration.
func (c Configuration) Mark() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		fmt.Fprintf(h, "%q=%q\n", name, c.Parameters[name])
	}
	for _, network := range c.AllowedCIDRs {
		fmt.Fprintf(h, "%q\n", network)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Lines are the parameters, with the mark, as they stand in postgresql.conf.
func (c Configuration) Lines() string {
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `''`)
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		fmt.Fprintf(&lines, "%s = '%s'\n", name, quoted.Replace(c.Parameters[name]))
	}
	fmt.Fprintf(&lines, "%s = '%s'\n", ConfigurationMark, c.Mark())
	return lines.String()
}

// Changed returns the names of the parameters that differ from other's, sorted,
// so that the order of a map does not show in a workflow.
//
//workflowcheck:ignore
func (c Configuration) Changed(other Configuration) []string {
	var changed []string
	for name, value := range c.Parameters {
		if was, set := other.Parameters[name]; !set || was != value {
			changed = append(changed, name)
		}
	}
	for name := range other.Parameters {
		if _, set := c.Parameters[name]; !set {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return changed
}

// parameterName is what the names of PostgreSQL's parameters look like, those of
// extensions with a dot.
var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$`)

// check returns the fields that break a rule that needs no server to be known.
func (c Configuration) check() []FieldError {
	var bad []FieldError
	if f, ok := checkCIDRs(c.AllowedCIDRs); !ok {
		bad = append(bad, f)
	}
	if len(c.Parameters) > MaxParameters {
		bad = append(bad, FieldError{Field: "parameters", Rule: "max_items",
			Message: fmt.Sprintf("can be set %d at most on one instance, not %d", MaxParameters, len(c.Parameters))})
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		f := FieldError{Field: "parameters." + abbreviated(name)}
		value := c.Parameters[name]
		total += len(name) + len(value)
		why, managed := managedParameter(name)
		switch {
		case !parameterName.MatchString(name):
			f.Rule, f.Message = "parameter_name", "is not the name of a parameter"
		case managed:
			f.Rule, f.Message = "managed", "can't be set: "+why
		case utf8.RuneCountInString(value) > MaxParameterValueLength:
			f.Rule, f.Message = "max_length", fmt.Sprintf("must have at most %d characters, not %d", MaxParameterValueLength, utf8.RuneCountInString(value))
		case strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
			f.Rule, f.Message = "printable", "must be one line of printable text"
		default:
			continue
		}
		bad = append(bad, f)
	}
	if total > MaxParametersBytes {
		bad = append(bad, FieldError{Field: "parameters", Rule: "max_bytes",
			Message: fmt.Sprintf("must have at most %d bytes in all names and values together, not %d; reset some, or shorten values", MaxParametersBytes, total)})
	}
	return bad
}

// ValidateUpdate checks whether the instance can get the settings to, as far as
// that can be told without its server. It returns an [Error] with CodeInvalid
// that lists every field that breaks a rule, or nil.
func (s Spec) ValidateUpdate(to Settings) error {
	bad := append(to.Size.checkResize(s.Size()), s.checkConfigured(to.Configuration)...)
	return invalid("the instance can't be changed as asked", bad)
}

// checkConfigured returns the fields of a configuration that break a rule for an
// instance like s.
func (s Spec) checkConfigured(to Configuration) []FieldError {
	bad := to.check()
	if _, set := to.Parameters[preloaded]; set && s.ImageType == ImagePgDurable {
		bad = append(bad, FieldError{Field: "parameters." + preloaded, Rule: "managed", Message: "can't be set: Toygres manages what pg_durable needs"})
	}
	return bad
}

const preloaded = "shared_preload_libraries"
