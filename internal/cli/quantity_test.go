package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSizesAreReadExactly(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"512MiB": 512, "1GiB": 1024, "1.5Gi": 1536, "2 TiB": 2 << 20, "10gib ": 10240, "0.5GiB": 512} {
		got, err := parseSize(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for in, says := range map[string]string{
		"10": "lacks a unit", "10GB": "write 10GiB", "10G": "write 10GiB", "512m": "write 512MiB", "": "lacks a unit", "GiB": "is not a size",
		"-1GiB": "is not a size", "1e3GiB": "is not a size", "1.0001MiB": "whole number", "1..5GiB": "is not a size", "10KiB": "is not a size",
		"99999999999TiB": "whole number", "1/2GiB": "is not a size", "١GiB": "is not a size",
	} {
		_, err := parseSize(in)
		require.ErrorContains(t, err, says, in)
	}
	gib, err := parseGiB("1TiB")
	require.NoError(t, err)
	require.Equal(t, 1024, gib)
	_, err = parseGiB("1.5GiB")
	require.ErrorContains(t, err, "whole number of GiB")
}

func TestCoresAreReadExactly(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"1": 1000, "500m": 500, "0.25": 250, "1.5": 1500, "2": 2000} {
		got, err := parseCPU(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "m", "-1", "1.5m", "0.0001", "one", "1e3", "99999999999"} {
		_, err := parseCPU(in)
		require.Error(t, err, in)
	}
}

func TestQuantitiesAreShownForPeople(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"512 MiB", "1 GiB", "1536 MiB", "2 TiB", "1025 GiB"},
		[]string{showMiB(512), showMiB(1024), showMiB(1536), showMiB(2 << 20), showMiB(1025 << 10)})
	require.Equal(t, []string{"2", "1500m"}, []string{showCPU(2000), showCPU(1500)})
	require.Equal(t, []string{"0s", "90s", "5m", "119m", "3h", "4d"},
		[]string{showAge(-time.Second), showAge(90 * time.Second), showAge(5 * time.Minute), showAge(119 * time.Minute), showAge(3 * time.Hour), showAge(100 * time.Hour)})
	require.Equal(t, []string{"0s", "1.5s", "1m5s"}, []string{showTook(-time.Second), showTook(1500 * time.Millisecond), showTook(65200 * time.Millisecond)})
}
