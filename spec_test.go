package toygres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

var offer = toygres.Offer{Versions: []int{18, 17}, ImageTypes: []toygres.ImageType{toygres.ImageStock}}

func TestASpecWithDefaultsIsValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, toygres.Spec{Name: "mydb"}.WithDefaults().Validate(offer))
}

func TestNamesFollowTheRules(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "a1", "my-db", "x--y", "1", "1db", strings.Repeat("a", 40), "postgres1"} {
		require.NoError(t, toygres.ValidateName(good), good)
	}
	bad := map[string]string{
		"": "required", strings.Repeat("a", 41): "max_length", "-a": "dns_1123_label", "a-": "dns_1123_label",
		"A": "dns_1123_label", "a_b": "dns_1123_label", "a.b": "dns_1123_label", "ä": "dns_1123_label",
		"a b": "dns_1123_label", "a\n": "dns_1123_label", "a\x00": "dns_1123_label", "'; drop table": "dns_1123_label",
		"<script>": "dns_1123_label", "../etc": "dns_1123_label", "postgres": "reserved", "bulk": "reserved",
	}
	for name, rule := range bad {
		err := toygres.ValidateName(name)
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "%q", name)
		var e *toygres.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, rule, e.Fields[0].Rule, "%q", name)
	}
}

func TestEveryBrokenRuleIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	err := toygres.Spec{Name: "Bad", Version: 14, CPUMillis: 1, MemoryMiB: 1, StorageGiB: 20000, ImageType: "pg_durable"}.Validate(offer)
	var e *toygres.Error
	require.ErrorAs(t, err, &e)
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, f.Field)
		require.NotEmpty(t, f.Rule)
		require.NotEmpty(t, f.Message)
	}
	require.Equal(t, []string{"name", "version", "cpu_millis", "memory_mib", "storage_gib", "image_type"}, fields)
}

func TestBoundsAreInclusive(t *testing.T) {
	t.Parallel()
	for _, gib := range []int{1, 16384} {
		s := toygres.Spec{Name: "a", StorageGiB: gib}.WithDefaults()
		require.NoError(t, s.Validate(offer))
	}
	for _, gib := range []int{-1, 16385} {
		s := toygres.Spec{Name: "a", StorageGiB: gib}.WithDefaults()
		require.Error(t, s.Validate(offer))
	}
}

func TestAVersionThatIsSupportedButNotInstalledSaysWhichAre(t *testing.T) {
	t.Parallel()
	s := toygres.Spec{Name: "a", Version: 15}.WithDefaults()
	var e *toygres.Error
	require.ErrorAs(t, s.Validate(offer), &e)
	require.Equal(t, "available", e.Fields[0].Rule)
	require.Contains(t, e.Fields[0].Message, "18, 17")
}

func FuzzAcceptedNamesAreSafeEverywhere(f *testing.F) {
	for _, s := range []string{"a", "my-db", "A", "..", "a\n", strings.Repeat("a", 41)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if toygres.ValidateName(name) != nil {
			return
		}
		require.LessOrEqual(t, len(name), toygres.MaxNameLength)
		require.Empty(t, strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-"))
		require.NotEqual(t, '-', rune(name[0]))
		require.NotEqual(t, '-', rune(name[len(name)-1]))
	})
}

func TestErrorsKeepTheirCauseForLogsAndTheirMessageForUsers(t *testing.T) {
	t.Parallel()
	cause := errors.New("dial tcp: secret internals")
	err := &toygres.Error{Code: toygres.CodeUnavailable, Message: "the catalog can't be reached", Err: cause}
	require.ErrorIs(t, err, cause)
	require.Equal(t, "the catalog can't be reached", toygres.MessageOf(err))
	require.NotContains(t, toygres.MessageOf(cause), "secret")
	require.Equal(t, toygres.CodeInternal, toygres.CodeOf(cause))
	require.Empty(t, toygres.CodeOf(nil))
}
