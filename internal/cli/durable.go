package cli

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// durableID is how pg_durable names its functions.
var durableID = regexp.MustCompile(`^[0-9a-f]{8}$`)

func (a *app) durableCommand() *cobra.Command {
	cmd := group("durable", "Durable functions, on instances that have pg_durable")
	cmd.GroupID = groupInstances
	cmd.AddCommand(a.durableListCommand(), a.durableMetricsCommand(), a.durableStartCommand(), a.durableExplainCommand(),
		a.onFunction("get", "Show a durable function", a.durableGet),
		a.onFunction("nodes", "Show the nodes of its graph", a.durableNodes),
		a.onFunction("executions", "Show its last executions", a.durableExecutions),
		a.durableCancelCommand(), a.durableSignalCommand())
	return cmd
}

func (a *app) durableListCommand() *cobra.Command {
	var status, label string
	cmd := &cobra.Command{
		Use:               "list NAME",
		Aliases:           []string{"ls"},
		Short:             "List an instance's durable functions, newest first",
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			params := openapi.ListDurableFunctionsParams{Label: optional(label)}
			if status != "" {
				chosen := openapi.DurableFunctionStatus(status)
				if !chosen.Valid() {
					return usagef("--status: there is no status %q", status)
				}
				params.Status = &chosen
			}
			functions, err := pages(everything, func(cursor *string, size *int) ([]openapi.DurableFunction, *string, error) {
				params.Cursor, params.Limit = cursor, size
				page, err := decode[openapi.DurableFunctionList](c.ListDurableFunctions(cmd.Context(), args[0], &params))
				if err != nil {
					return nil, nil, err
				}
				return page.Items, page.NextCursor, nil
			})
			if err != nil {
				return err
			}
			all := &openapi.DurableFunctionList{Items: functions}
			return a.print(all, func(out io.Writer) {
				var rows [][]string
				for _, f := range all.Items {
					age := ""
					if f.CreatedAt != nil {
						age = showAge(a.now().Sub(*f.CreatedAt))
					}
					rows = append(rows, []string{f.Id, text(f.Label), string(f.Status), number(f.ExecutionCount), age})
				}
				a.columns(out, []string{"ID", "LABEL", "STATUS", "EXECUTIONS", "AGE"}, rows)
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only functions with this status")
	cmd.Flags().StringVar(&label, "label", "", "only functions with exactly this label")
	complete(cmd, "status", "pending", "running", "completed", "failed", "cancelled")
	return cmd
}

func (a *app) durableMetricsCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "metrics NAME",
		Short:             "Count an instance's durable functions",
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			m, err := decode[openapi.DurableFunctionMetrics](c.GetDurableFunctionMetrics(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			return a.print(m, func(out io.Writer) {
				fields(out, "Functions", fmt.Sprint(m.TotalInstances), "Running", fmt.Sprint(m.RunningInstances), "Completed", fmt.Sprint(m.CompletedInstances),
					"Failed", fmt.Sprint(m.FailedInstances), "Executions", fmt.Sprint(m.TotalExecutions), "Events", fmt.Sprint(m.TotalEvents))
			})
		},
	}
}

func (a *app) durableStartCommand() *cobra.Command {
	var role, label, database string
	var variables map[string]string
	cmd := &cobra.Command{
		Use:   "start NAME FUNCTION",
		Short: "Start a durable function and print its id",
		Long: `Starts what a SQL expression in the language of pg_durable describes, as df.start
takes it: texts are in quotes. With - as FUNCTION it is read from standard input.
It runs as the role, which needs to have been given the extension by
df.grant_usage and must not be a superuser.

Variables take the place of {name} in its SQL. They are kept in clear in the
function's history: they are no place for secrets.`,
		Example: `  toygres durable start flows "'CALL load()' ~> df.sleep(60) ~> 'CALL check()'" --role clerk --label nightly
  toygres durable start flows - --role clerk --variable region=north <flow.sql`,
		Args:              instanceAnd("a SQL expression in quotes, or - to read it from standard input"),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			function, err := a.statement(args[1])
			if err != nil {
				return err
			}
			request := openapi.StartDurableFunctionRequest{Function: function, Role: optional(role), Label: optional(label), Database: optional(database)}
			if len(variables) > 0 {
				request.Variables = &variables
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			f, err := decode[openapi.DurableFunction](c.StartDurableFunction(cmd.Context(), args[0], request))
			if err != nil {
				return err
			}
			a.hintf("See how far it is with `toygres durable explain %s %s`.", args[0], f.Id)
			return a.print(f, func(out io.Writer) { fmt.Fprintln(out, clean(f.Id)) })
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "the role as which it runs")
	cmd.Flags().StringVar(&label, "label", "", "a text by which to find it")
	cmd.Flags().StringVar(&database, "database", "", "where its SQL runs (default: the extension's own database)")
	cmd.Flags().StringToStringVar(&variables, "variable", nil, "name=value; repeat it or separate by commas")
	return cmd
}

func (a *app) durableExplainCommand() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use:               "explain NAME ID|FUNCTION",
		Short:             "Draw the graph of a durable function, or of an expression that is not started",
		Args:              instanceAnd("a durable function's id, or a SQL expression in quotes, or - to read it from standard input"),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			function, err := a.statement(args[1])
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			var drawing *openapi.DurableFunctionExplanation
			if durableID.MatchString(function) {
				drawing, err = decode[openapi.DurableFunctionExplanation](c.ExplainDurableFunction(cmd.Context(), args[0], function))
			} else {
				drawing, err = decode[openapi.DurableFunctionExplanation](c.PreviewDurableFunction(cmd.Context(), args[0],
					openapi.PreviewDurableFunctionRequest{Function: function, Role: optional(role)}))
			}
			if err != nil {
				return err
			}
			return a.print(drawing, func(out io.Writer) {
				for line := range strings.Lines(drawing.Text) {
					fmt.Fprintln(out, clean(strings.TrimRight(line, "\n")))
				}
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "the role with whose rights an expression is evaluated")
	return cmd
}

// onFunction is a command that shows something of one durable function.
func (a *app) onFunction(verb, short string, show func(ctx context.Context, c *client, name, id string) error) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " NAME ID",
		Short:             short,
		Args:              instanceAnd("the durable function's id, see `toygres durable list`"),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			return show(cmd.Context(), c, args[0], args[1])
		},
	}
}

func (a *app) durableGet(ctx context.Context, c *client, name, id string) error {
	f, err := decode[openapi.DurableFunction](c.GetDurableFunction(ctx, name, id))
	if err != nil {
		return err
	}
	return a.printFunction(f)
}

func (a *app) printFunction(f *openapi.DurableFunction) error {
	return a.print(f, func(out io.Writer) {
		fields(out, "Id", f.Id, "Label", text(f.Label), "Status", string(f.Status), "Function", text(f.FunctionName), "Version", text(f.FunctionVersion),
			"Execution", number(f.CurrentExecutionId), "Output", text(f.Output))
	})
}

func (a *app) durableNodes(ctx context.Context, c *client, name, id string) error {
	list, err := decode[openapi.DurableFunctionNodeList](c.ListDurableFunctionNodes(ctx, name, id))
	if err != nil {
		return err
	}
	return a.print(list, func(out io.Writer) {
		var rows [][]string
		for _, n := range list.Items {
			status := text(n.InferredStatus)
			if status == "" {
				status = text(n.Status)
			}
			rows = append(rows, []string{n.NodeId, n.NodeType, status, text(n.ResultName), text(n.LeftNode), text(n.RightNode), shorten(text(n.Query)), shorten(text(n.Result))})
		}
		a.columns(out, []string{"NODE", "TYPE", "STATUS", "AS", "LEFT", "RIGHT", "QUERY", "RESULT"}, rows)
	})
}

func (a *app) durableExecutions(ctx context.Context, c *client, name, id string) error {
	list, err := decode[openapi.DurableFunctionExecutionList](c.ListDurableFunctionExecutions(ctx, name, id, &openapi.ListDurableFunctionExecutionsParams{}))
	if err != nil {
		return err
	}
	return a.print(list, func(out io.Writer) {
		var rows [][]string
		for _, e := range list.Items {
			rows = append(rows, []string{fmt.Sprint(e.ExecutionId), e.Status, number(e.EventCount), number(e.DurationMs), shorten(text(e.Output))})
		}
		a.columns(out, []string{"EXECUTION", "STATUS", "EVENTS", "MILLISECONDS", "OUTPUT"}, rows)
	})
}

func (a *app) durableCancelCommand() *cobra.Command {
	var reason string
	cmd := a.onFunction("cancel", "Cancel a durable function", func(ctx context.Context, c *client, name, id string) error {
		f, err := decode[openapi.DurableFunction](c.CancelDurableFunction(ctx, name, id, openapi.CancelDurableFunctionRequest{Reason: optional(reason)}))
		if err != nil {
			return err
		}
		return a.printFunction(f)
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever looks at it later")
	return cmd
}

func (a *app) durableSignalCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:               "signal NAME ID SIGNAL",
		Short:             "Send a signal to a durable function",
		Example:           `  toygres durable signal flows a1b2c3d4 approval --data '{"approved": true}'`,
		ValidArgsFunction: a.completeNames,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 3 {
				return usagef("`%s` takes three arguments: %s, the durable function's id, and the signal's name", cmd.CommandPath(), instanceName)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			if err := done(c.SignalDurableFunction(cmd.Context(), args[0], args[1], openapi.SignalDurableFunctionRequest{Name: args[2], Data: optional(data)})); err != nil {
				return err
			}
			if a.output != formatTable {
				return nil
			}
			return a.printf("Signalled %s\n", clean(args[1]))
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "JSON for the function to read (default {})")
	return cmd
}

// instanceAnd accepts an instance's name and one thing more.
func instanceAnd(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 2 || args[0] == "" || args[1] == "" {
			return usagef("`%s` takes two arguments: %s, and %s", cmd.CommandPath(), instanceName, what)
		}
		return nil
	}
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// shorten cuts what is too long for a table's cell.
func shorten(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
