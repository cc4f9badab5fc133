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

func TestReachAndImageFollowTheRulesAndTheOffer(t *testing.T) {
	t.Parallel()
	const image = "registry.example.com/team/postgres@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	wide := toygres.Offer{Versions: []int{18}, ImageTypes: []toygres.ImageType{toygres.ImageStock, toygres.ImagePgDurable}, Public: true, RuntimeRegistry: "registry.example.com"}
	for name, c := range map[string]struct {
		change func(*toygres.Spec)
		offer  toygres.Offer
		field  string
		rule   string
	}{
		"public":                  {func(s *toygres.Spec) { s.Public = true }, wide, "", ""},
		"public, not offered":     {func(s *toygres.Spec) { s.Public = true }, offer, "public", "available"},
		"networks":                {func(s *toygres.Spec) { s.AllowedCIDRs = []string{"10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"} }, offer, "", ""},
		"an address":              {func(s *toygres.Spec) { s.AllowedCIDRs = []string{"10.0.0.1"} }, offer, "allowed_cidrs", "cidr"},
		"host bits":               {func(s *toygres.Spec) { s.AllowedCIDRs = []string{"10.0.0.1/8"} }, offer, "allowed_cidrs", "cidr"},
		"a zone":                  {func(s *toygres.Spec) { s.AllowedCIDRs = []string{"fe80::1%eth0/64"} }, offer, "allowed_cidrs", "cidr"},
		"more than a network":     {func(s *toygres.Spec) { s.AllowedCIDRs = []string{"10.0.0.0/8 trust\nhost all all all"} }, offer, "allowed_cidrs", "cidr"},
		"twice":                   {func(s *toygres.Spec) { s.AllowedCIDRs = []string{"10.0.0.0/8", "10.0.0.0/8"} }, offer, "allowed_cidrs", "unique"},
		"too many":                {func(s *toygres.Spec) { s.AllowedCIDRs = make([]string, 101) }, offer, "allowed_cidrs", "max_items"},
		"runtime image":           {func(s *toygres.Spec) { s.RuntimeImage = image }, wide, "", ""},
		"image, not offered":      {func(s *toygres.Spec) { s.RuntimeImage = image }, offer, "runtime_image", "available"},
		"image from elsewhere":    {func(s *toygres.Spec) { s.RuntimeImage = "evil." + image }, wide, "runtime_image", "registry"},
		"image without a digest":  {func(s *toygres.Spec) { s.RuntimeImage = "registry.example.com/team/postgres:18" }, wide, "runtime_image", "digest"},
		"image that isn't stock":  {func(s *toygres.Spec) { s.RuntimeImage, s.ImageType = image, toygres.ImagePgDurable }, wide, "image_type", "stock"},
		"image with more than it": {func(s *toygres.Spec) { s.RuntimeImage = image + "\nimagePullPolicy: Always" }, wide, "runtime_image", "digest"},
	} {
		spec := toygres.Spec{Name: "mydb"}.WithDefaults()
		c.change(&spec)
		err := spec.Validate(c.offer)
		if c.field == "" {
			require.NoError(t, err, name)
			continue
		}
		var e *toygres.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, c.field, e.Fields[0].Field, name)
		require.Equal(t, c.rule, e.Fields[0].Rule, name)
	}
}

func TestSpecsAreEqualOnlyInEveryField(t *testing.T) {
	t.Parallel()
	spec := toygres.Spec{Name: "mydb"}.WithDefaults()
	require.True(t, spec.Equal(toygres.Spec{Name: "mydb", AllowedCIDRs: nil}.WithDefaults()))
	other := spec
	other.AllowedCIDRs = nil
	require.True(t, spec.Equal(other), "no networks are no networks")
	other.AllowedCIDRs = []string{"10.0.0.0/8"}
	require.False(t, spec.Equal(other))
	other = spec
	other.Public = true
	require.False(t, spec.Equal(other))
}
