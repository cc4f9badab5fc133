package toygres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func TestReleasesAreReadFromWhatServersSay(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"18.4": "18.4", "15.14 (Debian 15.14-0+deb12u1)": "15.14", "18.4-bookworm": "18.4",
		"18": "", "18beta1": "", "19devel": "", "": "", "postgres": "", "18.": "", ".4": "", "18.99999999999999999999": "",
	} {
		require.Equal(t, want, toygres.ParseRelease(version).String(), version)
	}
}

func TestOnlyANewerMinorReleaseIsAnUpgrade(t *testing.T) {
	t.Parallel()
	of := func(to, from string) bool { return toygres.ParseRelease(to).IsUpgradeOf(toygres.ParseRelease(from)) }
	require.True(t, of("18.10", "18.9"))
	require.False(t, of("18.4", "18.4"))
	require.False(t, of("18.3", "18.4"))
	require.False(t, of("18.1", "17.9"))
	require.False(t, of("", "18.4"))
	require.False(t, of("18.4", ""))
}
