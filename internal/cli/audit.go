package cli

import (
	"context"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) auditCommand() *cobra.Command {
	var user, action, instance, target, outcome, since, until string
	var limit int
	cmd := &cobra.Command{
		Use:     "audit",
		GroupID: groupHistory,
		Short:   "Show who did what, and from where (for administrators)",
		Long: `Shows the audit log, newest first: what was to change something, also when it was refused, revealed passwords, queries without
their text, and sign-ins. A request without a status is still at work, or its server died in it.`,
		Example: `  toygres audit --since 24h
  toygres audit --user anna --action deleteInstance
  toygres audit --instance mydb --limit 500 -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usagef("--limit must be at least 1")
			}
			params := openapi.ListAuditParams{User: optional(user), Action: optional(action), Instance: optional(instance), Target: optional(target)}
			var err error
			if outcome != "" {
				chosen, err := choices("outcome", []string{outcome}, openapi.AuditOutcome.Valid)
				if err != nil {
					return err
				}
				params.Outcome = &(*chosen)[0]
			}
			if params.Since, err = parseMoment("since", since, a.now()); err != nil {
				return err
			}
			if params.Until, err = parseMoment("until", until, a.now()); err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := auditEntries(cmd.Context(), c, params, limit)
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				var rows [][]string
				for _, e := range list.Items {
					by := e.Credential
					if e.Token != nil {
						by += " " + *e.Token
					}
					status := ""
					if e.Status != nil {
						status = strconv.Itoa(*e.Status)
					}
					rows = append(rows, []string{stamp(&e.At), text(e.User), by, e.Address, e.Action, e.Target, status})
				}
				a.columns(out, []string{"TIME", "WHO", "BY", "FROM", "ACTION", "TARGET", "STATUS"}, rows)
			})
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "only what this user did")
	cmd.Flags().StringVar(&action, "action", "", "only this action, such as deleteInstance")
	cmd.Flags().StringVar(&instance, "instance", "", "only what was done to instances of this name")
	cmd.Flags().StringVar(&target, "target", "", "only what was done to this, such as users/anna, users or anna")
	cmd.Flags().StringVar(&outcome, "outcome", "", "only what succeeded, was refused, failed, or has no answer (yet)")
	cmd.Flags().StringVar(&since, "since", "", "only what was done in this time until now (24h), or since then (2026-03-10T12:00:00Z)")
	cmd.Flags().StringVar(&until, "until", "", "only what was done longer ago than this, or before then")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many entries at most")
	complete(cmd, "outcome", "succeeded", "refused", "failed", "unanswered")
	a.completeInstanceFlag(cmd)
	return cmd
}

// auditEntries reads page after page, newest first.
func auditEntries(ctx context.Context, c *client, params openapi.ListAuditParams, limit int) (*openapi.AuditList, error) {
	entries, err := pages(limit, func(cursor *string, size *int) ([]openapi.AuditEntry, *string, error) {
		params.Cursor, params.Limit = cursor, size
		page, err := decode[openapi.AuditList](c.ListAudit(ctx, &params))
		if err != nil {
			return nil, nil, err
		}
		return page.Items, page.NextCursor, nil
	})
	return &openapi.AuditList{Items: entries}, err
}
