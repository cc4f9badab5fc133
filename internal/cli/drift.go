package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) driftCommand() *cobra.Command {
	var resolved bool
	var kind string
	var limit int
	cmd := &cobra.Command{
		Use:     "drift",
		GroupID: groupHistory,
		Short:   "What catalog, provider and Temporal do not agree about",
		Long: `Shows what catalog, provider and Temporal do not agree about. They are compared every five minutes. What is safe
is repaired without being asked; for the rest the command to run is shown.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			params := openapi.ListDriftParams{Resolved: &resolved}
			if kind != "" {
				chosen, err := choices("kind", []string{kind}, openapi.DriftKind.Valid)
				if err != nil {
					return err
				}
				params.Kind = &(*chosen)[0]
			}
			if limit < 1 {
				return usagef("--limit must be at least 1")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			return a.showDrift(cmd.Context(), c, params, limit)
		},
	}
	cmd.Flags().BoolVar(&resolved, "resolved", false, "what agrees again, instead")
	cmd.Flags().StringVar(&kind, "kind", "", "only this `kind`, as in missing or size")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	cmd.AddCommand(a.driftCheckCommand(), a.driftRepairCommand())
	return cmd
}

func (a *app) showDrift(ctx context.Context, c *client, params openapi.ListDriftParams, limit int) error {
	all := &openapi.DriftList{}
	var err error
	all.Items, err = pages(limit, func(cursor *string, size *int) ([]openapi.DriftFinding, *string, error) {
		params.Cursor, params.Limit = cursor, size
		page, err := decode[openapi.DriftList](c.ListDrift(ctx, &params))
		if err != nil {
			return nil, nil, err
		}
		all.LastCheck = page.LastCheck
		return page.Items, page.NextCursor, nil
	})
	if err != nil {
		return err
	}
	return a.print(all, func(out io.Writer) {
		var rows [][]string
		for _, f := range all.Items {
			rows = append(rows, []string{string(f.Kind), nameOrID(f), showAge(a.now().Sub(f.FirstSeen)), f.Message, whatToDo(f)})
		}
		if len(rows) > 0 || all.LastCheck == nil {
			a.columns(out, []string{"KIND", "INSTANCE", "AGE", "WHAT", "TO DO"}, rows)
		}
		if all.LastCheck != nil && len(rows) == 0 {
			fmt.Fprintln(out, checked(*all.LastCheck, a.now()))
		}
	})
}

// nameOrID is what an instance is called; its id where nobody knows its name.
func nameOrID(f openapi.DriftFinding) string {
	if name := text(f.InstanceName); name != "" {
		return name
	}
	return f.InstanceId.String()
}

func whatToDo(f openapi.DriftFinding) string {
	switch {
	case f.ResolvedAt != nil:
		return "nothing: it agrees again"
	case f.Repair == openapi.Automatic:
		return "nothing: it is repaired by itself"
	default:
		return text(f.Command)
	}
}

// checked is how a comparison has ended.
func checked(c openapi.DriftCheck, now time.Time) string {
	if trouble := text(c.Error); trouble != "" {
		return "not everything could be compared: " + clean(trouble)
	}
	return fmt.Sprintf("compared %s ago: %d found, %d resolved", showAge(now.Sub(*c.EndedAt)), c.Found, c.Resolved)
}

func (a *app) driftCheckCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Compare catalog, provider and Temporal now, and show what does not agree",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			check, err := decode[openapi.DriftCheck](c.CheckDrift(ctx))
			if err != nil {
				return err
			}
			for check.EndedAt == nil {
				select {
				case <-ctx.Done():
					return &failure{code: exitUnavailable, message: fmt.Sprintf("the comparison is not done after %s, and goes on", timeout),
						hint: "look again with `toygres drift`; if it never ends, no worker runs"}
				case <-time.After(lookAgain):
				}
				if check, err = decode[openapi.DriftCheck](c.GetDriftCheck(ctx, check.Id)); err != nil {
					return err
				}
			}
			if text(check.Error) != "" {
				return &failure{code: exitUnavailable, message: checked(*check, a.now())}
			}
			return a.showDrift(cmd.Context(), c, openapi.ListDriftParams{}, pageSize)
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long to wait at most")
	return cmd
}

// lookAgain is how long a comparison is left alone.
const lookAgain = 300 * time.Millisecond

func (a *app) driftRepairCommand() *cobra.Command {
	var removeData bool
	cmd := &cobra.Command{
		Use:   "repair ID",
		Short: "Make the provider or Temporal agree with the catalog again",
		Args:  exactly("the finding's id, see `toygres drift -o yaml`"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usagef("%q is not a finding's id; find it with `toygres drift -o yaml`", args[0])
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			found, err := decode[openapi.DriftFinding](c.RepairDrift(cmd.Context(), id, &openapi.RepairDriftParams{RemoveData: &removeData}))
			if err != nil {
				return err
			}
			return a.print(found, func(out io.Writer) {
				fmt.Fprintf(out, "repairing %s; `toygres drift` shows whether it has worked\n", clean(nameOrID(*found)))
			})
		},
	}
	cmd.Flags().BoolVar(&removeData, "remove-data", false, "that data may be removed, for good")
	return cmd
}
