package toygres_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Generated files carry a package comment of their generator, which does not
// count.
func TestEveryPackageHasExactlyOnePackageComment(t *testing.T) {
	t.Parallel()
	comments := map[string][]string{}
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || d.Name() == "testdata" || (strings.HasPrefix(d.Name(), ".") && path != ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".gen.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		seen[dir] = true
		if f.Doc != nil {
			comments[dir] = append(comments[dir], path)
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, seen)
	for dir := range seen {
		require.Len(t, comments[dir], 1, "package %s: files with a package comment", dir)
	}
}
