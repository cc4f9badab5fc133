package toygres

import (
	"fmt"
	"strings"
	"testing"
)

func TestValuesOfParametersKeepToTheServersRules(t *testing.T) {
	memory := Parameter{Name: "work_mem", Context: "user", Type: "integer", Unit: "kB", Min: "64", Max: "2147483647"}
	pages := Parameter{Name: "shared_buffers", Context: "postmaster", Type: "integer", Unit: "8kB", Min: "16", Max: "1073741823"}
	duration := Parameter{Name: "statement_timeout", Context: "user", Type: "integer", Unit: "ms", Min: "0", Max: "2147483647"}
	plain := Parameter{Name: "max_connections", Context: "postmaster", Type: "integer", Min: "1", Max: "262143"}
	cost := Parameter{Name: "random_page_cost", Context: "user", Type: "real", Min: "0", Max: "1.79769e+308"}
	toggle := Parameter{Name: "jit", Context: "user", Type: "bool"}
	words := Parameter{Name: "wal_level", Context: "postmaster", Type: "enum", Enum: []string{"minimal", "replica", "logical"}}
	text := Parameter{Name: "search_path", Context: "user", Type: "string"}
	for _, c := range []struct {
		p     Parameter
		value string
		rule  string // "" for what is allowed
	}{
		{memory, "64MB", ""}, {memory, " 64 MB ", ""}, {memory, "64", ""}, {memory, "0x40", ""}, {memory, "1.5GB", ""}, {memory, "2TB", "range"},
		{memory, "63", "range"}, {memory, "1kB", "range"}, {memory, "64mb", "type"}, {memory, "64s", "type"}, {memory, "", "type"},
		{memory, "much", "type"}, {memory, "1e3", ""}, {memory, "NaN", "type"}, {memory, "-1", "range"},
		{pages, "128MB", ""}, {pages, "16", ""}, {pages, "120kB", "range"}, {pages, "128kB", ""}, {pages, "9TB", "range"},
		{duration, "30s", ""}, {duration, "1min", ""}, {duration, "1d", ""}, {duration, "25d", "range"}, {duration, "1MB", "type"}, {duration, "0", ""},
		{plain, "200", ""}, {plain, "200kB", "type"}, {plain, "0", "range"}, {plain, "262144", "range"},
		{cost, "1.1", ""}, {cost, "-0.1", "range"}, {cost, "1.1ms", "type"},
		{toggle, "on", ""}, {toggle, "F", ""}, {toggle, "1", ""}, {toggle, "o", "type"}, {toggle, "onn", "type"}, {toggle, "", "type"},
		{words, "LOGICAL", ""}, {words, "log", "one_of"},
		{text, "anything, \"goes\"", ""},
		{Parameter{Name: "port", Context: "postmaster", Type: "integer"}, "1", "managed"},
		{Parameter{Name: "ssl_ciphers", Context: "sighup", Type: "string"}, "x", "managed"},
		{Parameter{Name: "Log_Destination", Context: "sighup", Type: "string"}, "x", "managed"},
		{Parameter{Name: "block_size", Context: "internal", Type: "integer"}, "1", "read_only"},
		{Parameter{Name: "ignore_checksum_failure", Context: "superuser", Type: "bool", Category: "Developer Options"}, "on", "developer"},
		{Parameter{Name: "jit", Context: "user", Type: "bool", AlteredSystem: true}, "on", "alter_system"},
	} {
		f, ok := c.p.Check(c.value)
		if ok != (c.rule == "") || !ok && (f.Rule != c.rule || f.Message == "" || f.Field != "parameters."+c.p.Name) {
			t.Errorf("%s = %q: %v %+v, want the rule %q", c.p.Name, c.value, ok, f, c.rule)
		}
	}
}

func TestAConfigurationCannotBreakOutOfItsLine(t *testing.T) {
	c := Configuration{Parameters: map[string]string{"search_path": `a'b\c`, "work_mem": "1MB"}}
	want := "search_path = 'a''b\\\\c'\nwork_mem = '1MB'\ntoygres.configuration = '" + c.Mark() + "'\n"
	if got := c.Lines(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, bad := range []Configuration{
		{Parameters: map[string]string{"work_mem": "1MB\nfsync = off"}},
		{Parameters: map[string]string{"work_mem\n": "1MB"}},
		{Parameters: map[string]string{"include": "x"}, AllowedCIDRs: []string{"all"}},
		{Parameters: map[string]string{"a": strings.Repeat("x", MaxParameterValueLength+1)}},
	} {
		if len(bad.check()) != 1 {
			t.Errorf("%+v breaks %v", bad, bad.check())
		}
	}
}

func TestParametersAreBoundedInAllTogether(t *testing.T) {
	c := Configuration{Parameters: map[string]string{}}
	for i := range 8 {
		c.Parameters[fmt.Sprintf("app.setting_%d", i)] = strings.Repeat("x", 1000)
	}
	if bad := c.check(); len(bad) != 0 {
		t.Errorf("%d bytes break %v", 8*(len("app.setting_0")+1000), bad)
	}
	c.Parameters["app.one_more"] = strings.Repeat("x", 100)
	if bad := c.check(); len(bad) != 1 || bad[0].Field != "parameters" || bad[0].Rule != "max_bytes" {
		t.Errorf("more than %d bytes break %v", MaxParametersBytes, bad)
	}
}

func TestMarksTellConfigurationsApart(t *testing.T) {
	seen := map[string]Configuration{}
	for _, c := range []Configuration{
		{}, {Parameters: map[string]string{"a": "b"}}, {Parameters: map[string]string{"a": ""}}, {Parameters: map[string]string{"a": "b\"=\"c"}},
		{Parameters: map[string]string{"a": "b", "c": ""}}, {AllowedCIDRs: []string{"10.0.0.0/8"}}, {AllowedCIDRs: []string{"10.0.0.0/8", "::/0"}},
	} {
		if other, taken := seen[c.Mark()]; taken {
			t.Errorf("%+v and %+v have the same mark", c, other)
		}
		seen[c.Mark()] = c
	}
	if (Configuration{}).Mark() != (Configuration{Parameters: map[string]string{}, AllowedCIDRs: []string{}}).Mark() {
		t.Error("nothing and an empty one differ")
	}
}

func TestAPlanTakesTheMostThatOneOfItsChangesTakes(t *testing.T) {
	spec := Spec{Name: "demo"}.WithDefaults()
	server := map[string]Parameter{"jit": {Name: "jit", Context: "user"}, "max_connections": {Name: "max_connections", Context: "postmaster"}}
	parameters := func(names ...string) Settings {
		to := spec.Settings()
		to.Configuration.Parameters = map[string]string{}
		for _, name := range names {
			to.Configuration.Parameters[name] = "x"
		}
		return to
	}
	bigger := spec.Resized(Size{CPUMillis: 2000, MemoryMiB: 2048, StorageGiB: 10}).Settings()
	for _, c := range []struct {
		state State
		to    Settings
		takes Effect
		steps string
	}{
		{StateRunning, spec.Settings(), EffectNothing, ""},
		{StateRunning, parameters("jit"), EffectReload, "configure, reload, record settings"},
		{StateRunning, parameters("jit", "max_connections"), EffectRestart, "configure, reload, restart, wait for ready, test connection, record settings"},
		{StateRunning, parameters("never_heard_of"), EffectRestart, "configure, reload, restart, wait for ready, test connection, record settings"},
		{StateRunning, bigger, EffectRestart, "resize, wait for ready, test connection, record size"},
		{StateStopped, parameters("max_connections"), EffectNothing, "configure, reload, record settings"},
		{StateStopped, bigger, EffectNothing, "resize, wait for ready, record size"},
	} {
		p := PlanUpdate(Instance{ID: "id", Spec: spec, State: c.state}, c.to, MetadataChange{}, server)
		var steps []string
		for _, step := range p.Steps {
			steps = append(steps, string(step))
		}
		if p.Takes != c.takes || strings.Join(steps, ", ") != c.steps || p.Interruption() == "" {
			t.Errorf("%+v: %s %v, want %s %s", c.to, p.Takes, steps, c.takes, c.steps)
		}
	}
}

func TestDefaultsAreWrittenInTheLargestUnitThatCountsThemWhole(t *testing.T) {
	for _, c := range []struct{ bare, unit, want string }{
		{"16384", "8kB", "128MB"}, {"4096", "kB", "4MB"}, {"300", "s", "5min"}, {"1", "8kB", "8kB"}, {"90", "s", "90s"}, {"0.5", "ms", "500us"},
		{"-1", "kB", "-1"}, {"0", "ms", "0"}, {"100", "", "100"}, {"on", "", "on"}, {"", "", ""},
	} {
		if got := (Parameter{Default: c.bare, Unit: c.unit}).DefaultWithUnit(); got != c.want {
			t.Errorf("%s of %q: %q, not %q", c.bare, c.unit, got, c.want)
		}
	}
}
