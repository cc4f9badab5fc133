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

func (a *app) retentionCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "retention",
		GroupID: groupHistory,
		Short:   "What was removed because it had been kept for long enough",
		Long:    "Shows the hourly runs that remove old events, operations and the like, newest first. For how long\neach is kept is set with the worker's TOYGRES_KEEP_ variables, and is in -o yaml.",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > pageSize {
				return usagef("--limit must be between 1 and %d", pageSize)
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := decode[openapi.RetentionRunList](c.ListRetentionRuns(cmd.Context(), &openapi.ListRetentionRunsParams{Limit: &limit}))
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				var rows [][]string
				for _, run := range list.Items {
					rows = append(rows, []string{stamp(&run.StartedAt), took(&run.StartedAt, run.EndedAt, a.now()), removed(run), text(run.Error)})
				}
				a.columns(out, []string{"BEGAN", "TOOK", "REMOVED", "TROUBLE"}, rows)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 24, "how many at most")
	return cmd
}

// removed is what a run has removed, as in "12 events, 1 operations".
func removed(run openapi.RetentionRun) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(run.Removed)) {
		parts = append(parts, fmt.Sprintf("%d %s", run.Removed[kind], strings.ReplaceAll(kind, "_", " ")))
	}
	return strings.Join(parts, ", ")
}
