package toygres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestResizeKeepsTheRulesOfCreate(t *testing.T) {
	t.Parallel()
	has := toygres.Size{CPUMillis: 1000, MemoryMiB: 1024, StorageGiB: 10}
	tests := map[string]struct {
		to    toygres.Size
		rules map[string]string // of the fields that break one
	}{
		"nothing changes":      {to: has},
		"everything grows":     {to: toygres.Size{CPUMillis: 2000, MemoryMiB: 4096, StorageGiB: 100}},
		"CPU and memory less":  {to: toygres.Size{CPUMillis: 100, MemoryMiB: 128, StorageGiB: 10}},
		"less storage":         {to: toygres.Size{CPUMillis: 1000, MemoryMiB: 1024, StorageGiB: 9}, rules: map[string]string{"storage_gib": "grow"}},
		"no storage":           {to: toygres.Size{CPUMillis: 1000, MemoryMiB: 1024}, rules: map[string]string{"storage_gib": "range"}},
		"too much of all":      {to: toygres.Size{CPUMillis: 128001, MemoryMiB: 1048577, StorageGiB: 16385}, rules: map[string]string{"cpu_millis": "range", "memory_mib": "range", "storage_gib": "range"}},
		"too little of all":    {to: toygres.Size{CPUMillis: 99, MemoryMiB: 127, StorageGiB: -1}, rules: map[string]string{"cpu_millis": "range", "memory_mib": "range", "storage_gib": "range"}},
		"the least and a lack": {to: toygres.Size{CPUMillis: 0, MemoryMiB: 128, StorageGiB: 1}, rules: map[string]string{"cpu_millis": "range", "storage_gib": "grow"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.to.ValidateResize(has)
			if len(test.rules) == 0 {
				require.NoError(t, err)
				return
			}
			var coded *toygres.Error
			require.ErrorAs(t, err, &coded)
			require.Equal(t, toygres.CodeInvalid, coded.Code)
			rules := map[string]string{}
			for _, f := range coded.Fields {
				require.NotEmpty(t, f.Message)
				rules[f.Field] = f.Rule
			}
			require.Equal(t, test.rules, rules)
			require.Contains(t, coded.Message, coded.Fields[0].Field)
		})
	}
}

func TestWhatIsNotAskedOfAResizeStaysAsItIs(t *testing.T) {
	t.Parallel()
	has := toygres.Size{CPUMillis: 1000, MemoryMiB: 1024, StorageGiB: 10}
	require.Equal(t, has, toygres.Size{}.Or(has))
	require.Equal(t, toygres.Size{CPUMillis: 500, MemoryMiB: 1024, StorageGiB: 20}, toygres.Size{CPUMillis: 500, StorageGiB: 20}.Or(has))
	spec := toygres.Spec{Name: "demo"}.WithDefaults()
	require.Equal(t, has, spec.Resized(has).Size())
	require.Equal(t, spec.Name, spec.Resized(has).Name)
}
