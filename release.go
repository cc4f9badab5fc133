package toygres

import (
	"fmt"
	"regexp"
	"strconv"
)

// Release is a release of PostgreSQL. The zero one is not known.
type Release struct {
	Major, Minor int
}

// release begins every version that PostgreSQL tells of itself, for example
// "18.4 (Debian 18.4-1)". What is not released yet has no minor version.
var release = regexp.MustCompile(`^(\d{1,4})\.(\d{1,4})(\D|$)`)

// ParseRelease reads the release at the start of a version; the zero one when
// there is none.
func ParseRelease(version string) Release {
	m := release.FindStringSubmatch(version)
	if m == nil {
		return Release{}
	}
	major, majorErr := strconv.Atoi(m[1])
	minor, minorErr := strconv.Atoi(m[2])
	if majorErr != nil || minorErr != nil {
		return Release{}
	}
	return Release{Major: major, Minor: minor}
}

// IsZero reports whether the release is not known.
func (r Release) IsZero() bool { return r == Release{} }

// String is the release as PostgreSQL writes it, for example "18.4"; "" when it
// is not known.
func (r Release) String() string {
	if r.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d", r.Major, r.Minor)
}

// IsUpgradeOf reports whether r is a newer minor release of the same major.
func (r Release) IsUpgradeOf(other Release) bool {
	return !r.IsZero() && r.Major == other.Major && r.Minor > other.Minor
}
