package cli

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// group returns a command that only holds others.
func group(name, short string) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q in `%s`", args[0], cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

// exactly accepts one argument, and says what it should be.
func exactly(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usagef("`%s` takes one argument: %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

const instanceName = "the instance's name"

// completeNames completes an instance's name by asking the server.
func (a *app) completeNames(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.namesLike(cmd.Context(), typed), cobra.ShellCompDirectiveNoFileComp
}

// completionTime bounds a question to the server while somebody waits at his
// prompt.
func completionTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithTimeout(ctx, 2*time.Second)
}

// namesLike returns the names that start with the typed text; none when the
// server does not answer soon.
func (a *app) namesLike(ctx context.Context, typed string) []string {
	ctx, cancel := completionTime(ctx)
	defer cancel()
	c, err := a.connect()
	if err != nil {
		return nil
	}
	limit := 200
	params := openapi.ListInstancesParams{Limit: &limit}
	if typed != "" {
		params.Search = &typed
	}
	list, err := decode[openapi.InstanceList](c.ListInstances(ctx, &params))
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range list.Items {
		if strings.HasPrefix(i.Name, typed) {
			names = append(names, clean(i.Name)+"\t"+clean(string(i.State)))
		}
	}
	return names
}

// stamp writes a time for a table, "" for none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// text returns what p points to, "" for nothing.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

func idText(p *uuid.UUID) string {
	if p == nil {
		return ""
	}
	return p.String()
}

// optional returns nil for "", which leaves a parameter out.
func optional(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}
