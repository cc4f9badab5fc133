// Package builtin knows the parameters that PostgreSQL itself has in each major version, for instances of which no
// server can be asked yet. The table is what servers have said; its test asks them again.
package builtin

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/toygres/toygres"
)

//go:embed parameters.tsv
var table string

// parsed are the parameters by major and name.
var parsed = sync.OnceValue(func() map[string]map[string]toygres.Parameter {
	all := map[string]map[string]toygres.Parameter{}
	for line := range strings.Lines(table) {
		majors, p := parse(strings.TrimSuffix(line, "\n"))
		for _, major := range majors {
			if all[major] == nil {
				all[major] = map[string]toygres.Parameter{}
			}
			all[major][p.Name] = p
		}
	}
	return all
})

// Parameters returns those of a major version by their names. They have no
// descriptions and no values.
func Parameters(major int) map[string]toygres.Parameter { return parsed()[fmt.Sprint(major)] }

// developer is the category whose parameters are for developers of PostgreSQL;
// no other one matters here.
const developer = "Developer Options"

// byBuild are the parameters whose words depend on the libraries that a server
// was built with. They are taken for any text, which the server checks itself.
var byBuild = []string{"default_toast_compression", "io_method", "wal_compression"}

// format writes a line of the table: what parse reads.
func format(majors []string, p toygres.Parameter) string {
	if slices.Contains(byBuild, p.Name) {
		p.Type, p.Enum = "string", nil
	}
	category := ""
	if p.Category == developer {
		category = developer
	}
	return strings.Join([]string{p.Name, strings.Join(majors, ","), p.Context, p.Type, p.Unit, p.Min, p.Max,
		strings.Join(p.Enum, ","), category}, "\t")
}

func parse(line string) (majors []string, p toygres.Parameter) {
	field := strings.Split(line, "\t")
	p = toygres.Parameter{Name: field[0], Context: field[2], Type: field[3], Unit: field[4], Min: field[5], Max: field[6], Category: field[8]}
	if field[7] != "" {
		p.Enum = strings.Split(field[7], ",")
	}
	return strings.Split(field[1], ","), p
}
