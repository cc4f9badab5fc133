package toygres

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Parameter is one of PostgreSQL's parameters, as a server describes it in
// pg_settings.
type Parameter struct {
	Name        string
	Current     string // with its unit
	Default     string // PostgreSQL's own, a bare number
	Unit        string // that bare numbers and the bounds count; "" for none
	Category    string
	Description string
	Context     string // internal, postmaster, sighup, superuser-backend, backend, superuser or user
	Type        string // bool, integer, real, string or enum
	Min, Max    string // "" for none
	Enum        []string

	PendingRestart bool // its file says something else, which a restart would bring
	AlteredSystem  bool // ALTER SYSTEM has set it, which goes before all else
}

// DefaultWithUnit is PostgreSQL's own default, written as Current is.
func (p Parameter) DefaultWithUnit() string {
	number, err := strconv.ParseFloat(p.Default, 64)
	if err != nil || number <= 0 {
		return p.Default
	}
	for _, unit := range slices.Backward(unitsLike(p.Unit)) {
		if count := number * sizeOfUnit(p.Unit) / sizeOfUnit(unit); count == math.Trunc(count) {
			return strconv.FormatFloat(count, 'f', -1, 64) + unit
		}
	}
	return p.Default
}

// NeedsRestart reports whether another value takes a restart.
func (p Parameter) NeedsRestart() bool { return p.Context == "postmaster" }

// managed are the parameters that Toygres relies on; a name that ends with an
// underscore or a dot stands for all that begin with it.
var managed = []struct {
	why   string
	names []string
}{
	{"Toygres manages where the server listens", []string{"listen_addresses", "port", "unix_socket_", "bonjour", "bonjour_name"}},
	{"Toygres manages the server's files", []string{"config_file", "hba_file", "ident_file", "data_directory", "data_directory_mode", "external_pid_file", "stats_temp_directory"}},
	{"Toygres manages certificates and who signs in", []string{"ssl", "ssl_", "krb_", "gss_", "password_encryption", "db_user_namespace", "oauth_"}},
	{"Toygres manages where the log goes and how its lines begin", []string{"log_destination", "logging_collector", "log_directory", "log_filename",
		"log_file_mode", "log_rotation_", "log_truncate_on_rotation", "log_line_prefix", "log_timezone", "lc_messages", "syslog_", "event_source"}},
	{"Toygres manages archives, recovery and replication to and from the server", []string{"archive_", "restore_command", "recovery_", "primary_",
		"promote_trigger_file", "hot_standby", "synchronous_standby_names"}},
	{"data must survive a crash, and the server must come back after one", []string{"fsync", "full_page_writes", "restart_after_crash", "data_sync_retry"}},
	{"the instance's name is in it", []string{"cluster_name"}},
	{"Toygres manages pg_durable", []string{"pg_durable."}},
	{"Toygres uses it itself", []string{"toygres."}},
}

func managedParameter(name string) (why string, is bool) {
	name = strings.ToLower(name)
	for _, group := range managed {
		for _, n := range group.names {
			if name == n || strings.HasSuffix(n, "_") && strings.HasPrefix(name, n) || strings.HasSuffix(n, ".") && strings.HasPrefix(name, n) {
				return group.why, true
			}
		}
	}
	return "", false
}

// Changeable reports whether the parameter can be set at all, or else which rule
// forbids it.
func (p Parameter) Changeable() (FieldError, bool) {
	f := FieldError{Field: "parameters." + p.Name}
	why, managed := managedParameter(p.Name)
	switch {
	case managed:
		f.Rule, f.Message = "managed", "can't be set: "+why
	case p.Context == "internal":
		f.Rule, f.Message = "read_only", "can't be changed: it says how the server was built or what it does"
	case p.Category == "Developer Options":
		f.Rule, f.Message = "developer", "is for developers of PostgreSQL, and can destroy data or keep the server from starting"
	case p.AlteredSystem:
		f.Rule, f.Message = "alter_system", fmt.Sprintf("has been set with ALTER SYSTEM, which goes before; run ALTER SYSTEM RESET %s first", p.Name)
	default:
		return f, true
	}
	return f, false
}

// Check reports whether the parameter can be set to value, or else which rule
// forbids it. A text that only PostgreSQL understands passes.
func (p Parameter) Check(value string) (FieldError, bool) {
	f, ok := p.Changeable()
	if !ok {
		return f, false
	}
	switch p.Type {
	case "bool":
		if !isBool(value) {
			f.Rule, f.Message = "type", "must be on or off"
			return f, false
		}
	case "enum":
		if !slices.ContainsFunc(p.Enum, func(allowed string) bool { return strings.EqualFold(allowed, value) }) {
			f.Rule, f.Message = "one_of", "must be one of "+strings.Join(p.Enum, ", ")
			return f, false
		}
	case "integer", "real":
		return p.checkNumber(f, value)
	}
	return f, true
}

func (p Parameter) checkNumber(f FieldError, value string) (FieldError, bool) {
	number, err := inUnit(value, p.Unit)
	if err == nil && p.Type == "integer" {
		number = math.RoundToEven(number)
	}
	if err != nil {
		f.Rule, f.Message = "type", "must be a number"
		if units := unitsLike(p.Unit); len(units) > 0 {
			f.Message += fmt.Sprintf(", with one of the units %s or bare, which counts %s", strings.Join(units, ", "), p.Unit)
		}
		return f, false
	}
	low, lowErr := strconv.ParseFloat(p.Min, 64)
	high, highErr := strconv.ParseFloat(p.Max, 64)
	if lowErr == nil && number < low || highErr == nil && number > high {
		f.Rule, f.Message = "range", strings.TrimSpace(fmt.Sprintf("must be between %s and %s %s", p.Min, p.Max, p.Unit))
		return f, false
	}
	return f, true
}

// isBool takes what PostgreSQL does: unique prefixes of the words, too.
func isBool(value string) bool {
	v := strings.ToLower(value)
	prefix := func(word string, least int) bool { return len(v) >= least && strings.HasPrefix(word, v) }
	return prefix("true", 1) || prefix("false", 1) || prefix("yes", 1) || prefix("no", 1) || prefix("on", 2) || prefix("off", 2) || v == "0" || v == "1"
}

// units are those of memory in bytes and of time in microseconds. PostgreSQL
// tells upper from lower case.
var units = [][]struct {
	name string
	size float64
}{
	{{"B", 1}, {"kB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"TB", 1 << 40}},
	{{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}},
}

// unitsLike are the units in which a parameter that counts unit may be written.
func unitsLike(unit string) []string {
	for _, family := range units {
		var names []string
		known := false
		for _, u := range family {
			names = append(names, u.name)
			known = known || strings.HasSuffix(unit, u.name) && strings.Trim(strings.TrimSuffix(unit, u.name), "0123456789") == ""
		}
		if known {
			return names
		}
	}
	return nil
}

// sizeOfUnit is how much the unit is, for example "8kB", in the family's
// smallest; 0 if there is no such unit.
func sizeOfUnit(unit string) float64 {
	for _, family := range units {
		for _, u := range slices.Backward(family) {
			count, found := strings.CutSuffix(unit, u.name)
			if !found {
				continue
			}
			if count == "" {
				return u.size
			}
			if n, err := strconv.Atoi(count); err == nil {
				return float64(n) * u.size
			}
		}
	}
	return 0
}

// inUnit reads a number as PostgreSQL does, and returns how many of unit it is.
func inUnit(value, unit string) (float64, error) {
	value = strings.TrimSpace(value)
	end := strings.LastIndexAny(value, "0123456789.") + 1
	if strings.HasPrefix(strings.ToLower(strings.TrimLeft(value, "+-")), "0x") {
		end = len(value) // whose letters are digits
	}
	digits, suffix := value[:end], strings.TrimSpace(value[end:])
	number, err := strconv.ParseFloat(digits, 64)
	if whole, wholeErr := strconv.ParseInt(digits, 0, 64); wholeErr == nil {
		number, err = float64(whole), nil
	}
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		return 0, fmt.Errorf("%q is no number", digits)
	}
	if suffix == "" {
		return number, nil
	}
	if !slices.Contains(unitsLike(unit), suffix) {
		return 0, fmt.Errorf("%q is no unit of it", suffix)
	}
	return number * sizeOfUnit(suffix) / sizeOfUnit(unit), nil
}
