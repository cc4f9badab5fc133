package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) overviewCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "overview",
		GroupID: groupHistory,
		Short:   "Show how all instances are, and what needs attention",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			overview, err := decode[openapi.Overview](c.GetOverview(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(overview, func(out io.Writer) { a.printOverview(out, overview) })
		},
	}
}

func (a *app) printOverview(out io.Writer, o *openapi.Overview) {
	instances, health := counts(o.States), counts(o.Health)
	if instances == "" {
		instances = "none"
	}
	fields(out, "Instances", instances, "Health", health, "Operations", fmt.Sprintf("%d in progress", o.OperationsInProgress))
	if len(o.Attention) == 0 {
		a.hintf("Nothing needs attention.")
		return
	}
	fmt.Fprintln(out)
	var rows [][]string
	for _, found := range o.Attention {
		names := strings.Join(found.Names, ", ")
		if more := found.Count - len(found.Names); more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		rows = append(rows, []string{strings.ReplaceAll(string(found.Kind), "_", " "), fmt.Sprint(found.Count), names})
	}
	a.columns(out, []string{"ATTENTION", "COUNT", "WHICH"}, rows)
}

// counts is as in "10 running, 1 stopped", the most first.
func counts(of map[string]int) string {
	names := slices.Sorted(maps.Keys(of))
	slices.SortStableFunc(names, func(a, b string) int { return of[b] - of[a] })
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%d %s", of[name], name)
	}
	return strings.Join(parts, ", ")
}
