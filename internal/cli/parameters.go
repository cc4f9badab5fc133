package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) parametersCommand() *cobra.Command {
	var all bool
	var search string
	cmd := &cobra.Command{
		Use:     "parameters NAME",
		GroupID: groupInstances,
		Short:   "Show the PostgreSQL parameters that are set of an instance, or all of its server",
		Long: `Shows the PostgreSQL parameters that are set of an instance, and what its server
has. With --all or --search, those of the server that are not set, too: with
what another value takes, or why it can't be set. "toygres update --set" sets
them. It needs the role operator; "toygres get" shows what is set to everybody.`,
		Example: `  toygres parameters mydb
  toygres parameters mydb --search vacuum`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := decode[openapi.ParameterList](c.ListParameters(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			shown := []openapi.Parameter{}
			for _, p := range list.Items {
				about := strings.ToLower(p.Name + " " + text(p.Description))
				if p.Set != nil && search == "" || (all || search != "") && strings.Contains(about, strings.ToLower(search)) {
					shown = append(shown, p)
				}
			}
			list.Items = shown
			return a.print(list, func(out io.Writer) { a.printParameters(out, list) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all parameters of its server")
	cmd.Flags().StringVar(&search, "search", "", "those of its server with this text in their name or description")
	return cmd
}

func (a *app) printParameters(out io.Writer, list *openapi.ParameterList) {
	if len(list.Items) == 0 {
		a.hintf("No parameters are set. See what there is with --all, and set some with `toygres update NAME --set`.")
	}
	var rows [][]string
	for _, p := range list.Items {
		takes := ""
		if p.Takes != nil {
			takes = string(*p.Takes)
		}
		if p.Fixed != nil {
			takes = *p.Fixed
		}
		current := text(p.Current)
		if p.PendingRestart != nil {
			current += " (another after a restart)"
		}
		rows = append(rows, []string{p.Name, text(p.Set), current, takes})
	}
	a.columns(out, []string{"PARAMETER", "SET", "SERVER", "TAKES"}, rows)
}
