package toygres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestPatternsStandForNamesAsInAShell(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{
		"mydb":        {"mydb"},
		"a{1..3}":     {"a1", "a2", "a3"},
		"a{8..11}-b":  {"a8-b", "a9-b", "a10-b", "a11-b"},
		"a{08..11}":   {"a08", "a09", "a10", "a11"},
		"a{8..011}":   {"a008", "a009", "a010", "a011"},
		"{0..1}":      {"0", "1"},
		"a{7..7}":     {"a7"},
		"Not A Name*": {"Not A Name*"}, // for the rules of names to refuse
	} {
		names, wrong := toygres.ExpandName("name", pattern)
		require.Nil(t, wrong, pattern)
		require.Equal(t, want, names, pattern)
	}
	names, wrong := toygres.ExpandName("name", "load-{001..500}")
	require.Nil(t, wrong)
	require.Len(t, names, toygres.MaxBatch)
	require.Equal(t, "load-500", names[499])
}

func TestPatternsThatStandForNothingSayWhy(t *testing.T) {
	t.Parallel()
	for pattern, rule := range map[string]string{
		"a{1..501}":                "max_items",
		"a{1..999999999}":          "max_items",
		"a{3..1}":                  "pattern",
		"a{1..}":                   "pattern",
		"a{1..2}{1..2}":            "pattern",
		"a{1,2}":                   "pattern",
		"a}":                       "pattern",
		"a{-1..2}":                 "pattern",
		"a{1..99999999999999999}":  "pattern",
		"a{0000000001..000000002}": "pattern",
	} {
		names, wrong := toygres.ExpandName("instances.0.name", pattern)
		require.NotNil(t, wrong, pattern)
		require.Nil(t, names)
		require.Equal(t, rule, wrong.Rule, pattern)
		require.Equal(t, "instances.0.name", wrong.Field)
		require.NotEmpty(t, wrong.Message)
	}
}
