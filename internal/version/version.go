// Package version says which release of Toygres a program is.
package version

import "runtime/debug"

// release is set by the linker where the sources come without their repository, as when an image is built:
// -ldflags "-X github.com/toygres/toygres/internal/version.release=v1.2.3".
var release string

// String is the release, such as v1.2.3, or the commit's pseudo-version where Go knows it, or "(devel)".
func String() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
