package cli

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// logoutCommand revokes the stored token and forgets it.
func (a *app) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "logout",
		GroupID: groupAccess,
		Short:   "Sign out, and revoke the token of this machine and those made with it",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, err := a.target()
			if err != nil {
				return err
			}
			path, err := a.configPath()
			if err != nil {
				return err
			}
			stored, err := loadConfig(path)
			if err != nil {
				return err
			}
			old, signedIn := stored.Servers[target.url]
			if !signedIn {
				return a.printf("Not signed in to %s\n", target.url)
			}
			if err := revoke(cmd.Context(), target.url, old); err != nil {
				return err
			}
			err = updateConfig(path, func(c *config) {
				delete(c.Servers, target.url)
				if c.Current == target.url {
					c.Current = ""
				}
			})
			if err != nil {
				return err
			}
			return a.printf("Signed out of %s\n", target.url)
		},
	}
}

func (a *app) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "whoami",
		GroupID: groupAccess,
		Short:   "Show the server and the user",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, err := a.target()
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			me, err := decode[openapi.Me](c.GetMe(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(me, func(out io.Writer) {
				by := "token of the configuration file"
				if target.fromEnv {
					by = "TOYGRES_TOKEN"
				}
				fields(out, "Server", target.url, "User", me.Username, "Role", string(me.Role),
					"Instances", used(me.Quota.Instances), "Storage", used(me.Quota.StorageGib)+" GiB",
					"Signed in by", by, "Expires", stamp(me.ExpiresAt))
			})
		},
	}
}

func (a *app) tokensCommand() *cobra.Command {
	cmd := group("tokens", "API tokens for programs")
	cmd.GroupID = groupAccess
	cmd.AddCommand(a.tokensListCommand(), a.tokensCreateCommand(), a.tokensRevokeCommand())
	return cmd
}

func (a *app) tokensListCommand() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List your tokens",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			ask := func() (*http.Response, error) { return c.ListTokens(cmd.Context()) }
			if user != "" {
				ask = func() (*http.Response, error) { return c.ListUserTokens(cmd.Context(), user) }
			}
			list, err := decode[openapi.TokenList](ask())
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				var rows [][]string
				for _, t := range list.Items {
					role := ""
					if t.Role != nil {
						role = string(*t.Role)
					}
					rows = append(rows, []string{t.Id.String(), t.Name, role, t.Prefix + "…", showAge(a.now().Sub(t.CreatedAt)), a.ago(t.LastUsedAt), stamp(t.ExpiresAt)})
				}
				a.columns(out, []string{"ID", "NAME", "ROLE", "TOKEN", "AGE", "USED", "EXPIRES"}, rows)
			})
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "those of another user (for administrators)")
	return cmd
}

// ago says how long ago t was.
func (a *app) ago(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return showAge(a.now().Sub(*t)) + " ago"
}

func (a *app) tokensCreateCommand() *cobra.Command {
	var days int
	var role string
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a token and print it, this once",
		Long:    "Create a token and print it, this once. It ends with the one that this machine is signed in with, also by\n`toygres logout`; make one that is to stay in the browser.",
		Example: `  TOYGRES_TOKEN=$(toygres tokens create ci --expires-in-days 90)`,
		Args:    exactly("the token's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			request := openapi.CreateTokenRequest{Name: args[0]}
			if cmd.Flags().Changed("expires-in-days") {
				request.ExpiresInDays = &days
			}
			if role != "" {
				wanted := openapi.Role(role)
				request.Role = &wanted
			}
			token, err := decode[openapi.CreatedToken](c.CreateToken(cmd.Context(), request))
			if err != nil {
				return err
			}
			a.hintf("Keep it safe: it can't be shown again. Revoke it with `toygres tokens revoke %s`.", token.Id)
			return a.print(token, func(out io.Writer) { fmt.Fprintln(out, clean(token.Token)) })
		},
	}
	cmd.Flags().IntVar(&days, "expires-in-days", 0, "days for which it is valid (default: for ever)")
	cmd.Flags().StringVar(&role, "role", "", "what it may do at most: viewer, operator or admin (default: all that you may)")
	complete(cmd, "role", "viewer", "operator", "admin")
	return cmd
}

func (a *app) tokensRevokeCommand() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Make a token worthless",
		Args:  exactly("the token's id, see `toygres tokens list`"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return usagef("%q is not a token's id; find it with `toygres tokens list`", args[0])
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			revoke := func() (*http.Response, error) { return c.RevokeToken(cmd.Context(), id) }
			if user != "" {
				revoke = func() (*http.Response, error) { return c.RevokeUserToken(cmd.Context(), user, id) }
			}
			if err := done(revoke()); err != nil {
				return err
			}
			return a.say("Revoked %s\n", id)
		},
	}
	cmd.Flags().StringVar(&user, "user", "", "it is another user's (for administrators)")
	return cmd
}
