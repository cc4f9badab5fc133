// Package ui holds the built web UI, which the API serves. Until it has been
// built (npm run build), Dist holds nothing but a placeholder.
package ui

import "embed"

// Dist is the output of the build, below "dist".
//
//go:embed all:dist
var Dist embed.FS
