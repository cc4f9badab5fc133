package cli

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

const userName = "the user's name"

func (a *app) usersCommand() *cobra.Command {
	cmd := group("users", "Who may sign in, and do what (for administrators)")
	cmd.GroupID = groupAccess
	cmd.AddCommand(a.usersListCommand(), a.usersGetCommand(), a.usersCreateCommand(), a.usersUpdateCommand(),
		a.usersPasswordCommand(), a.usersUnlockCommand(), a.usersDeleteCommand())
	return cmd
}

func (a *app) usersListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List users",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := decode[openapi.UserList](c.ListUsers(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				var rows [][]string
				for _, u := range list.Items {
					rows = append(rows, []string{u.Name, string(u.Role), a.standing(u), used(u.Quota.Instances), used(u.Quota.StorageGib),
						strconv.Itoa(u.Tokens), a.ago(u.LastSeenAt)})
				}
				a.columns(out, []string{"NAME", "ROLE", "SIGN-IN", "INSTANCES", "GIB", "TOKENS", "SEEN"}, rows)
			})
		},
	}
}

func (a *app) usersGetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get NAME",
		Short: "Show a user",
		Args:  exactly(userName),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			return a.printUser(decode[openapi.User](c.GetUser(cmd.Context(), args[0])))
		},
	}
}

func (a *app) usersCreateCommand() *cobra.Command {
	var role, passwordFile string
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Add a user",
		Long:    "Adds a user. The password is asked for on a terminal, or read from standard input.",
		Example: `  toygres users create anna --role operator`,
		Args:    exactly(userName),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			password, err := a.askPassword("New password of "+args[0], passwordFile)
			if err != nil {
				return err
			}
			wanted := openapi.Role(role)
			return a.printUser(decode[openapi.User](c.CreateUser(cmd.Context(),
				openapi.CreateUserRequest{Name: args[0], Password: password, Role: &wanted})))
		},
	}
	cmd.Flags().StringVar(&role, "role", "viewer", "what the user may do: viewer, operator or admin")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "file that holds the password; - is standard input")
	complete(cmd, "role", "viewer", "operator", "admin")
	return cmd
}

func (a *app) usersUpdateCommand() *cobra.Command {
	var role, instances, storage string
	var enable, disable bool
	cmd := &cobra.Command{
		Use:   "update NAME",
		Short: "Change a user's role or quota, or whether the user may sign in",
		Long: `Changes what is named, at once and everywhere. Who is disabled loses all sessions and API tokens for good.
A quota is a number, or "default" for what the server is configured with.`,
		Example: `  toygres users update anna --role admin
  toygres users update anna --max-instances 10 --max-storage 500GiB
  toygres users update anna --disable`,
		Args: exactly(userName),
		RunE: func(cmd *cobra.Command, args []string) error {
			var change openapi.UpdateUserRequest
			if role != "" {
				wanted := openapi.Role(role)
				change.Role = &wanted
			}
			if enable || disable {
				change.Disabled = &disable
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if instances != "" || storage != "" {
				user, err := decode[openapi.User](c.GetUser(cmd.Context(), args[0]))
				if err != nil {
					return err
				}
				change.Quota = &user.Override
				if err := setQuota(change.Quota, instances, storage); err != nil {
					return err
				}
			}
			if change == (openapi.UpdateUserRequest{}) {
				return usagef("say what to change: --role, --disable, --enable, --max-instances or --max-storage")
			}
			return a.printUser(decode[openapi.User](c.UpdateUser(cmd.Context(), args[0], change)))
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "what the user may do: viewer, operator or admin")
	cmd.Flags().BoolVar(&enable, "enable", false, "let the user sign in again")
	cmd.Flags().BoolVar(&disable, "disable", false, "end all sessions and API tokens, and let the user sign in no more")
	cmd.Flags().StringVar(&instances, "max-instances", "", "how many instances the user may have, or default")
	cmd.Flags().StringVar(&storage, "max-storage", "", "how much storage they may have together, such as 500GiB, or default")
	cmd.MarkFlagsMutuallyExclusive("enable", "disable")
	complete(cmd, "role", "viewer", "operator", "admin")
	return cmd
}

// setQuota changes what the flags name.
func setQuota(quota *openapi.Quota, instances, storage string) error {
	switch instances {
	case "":
	case "default":
		quota.Instances = nil
	default:
		n, err := strconv.Atoi(instances)
		if err != nil || n < 0 {
			return usagef("--max-instances is %q, but must be a number or default", instances)
		}
		quota.Instances = &n
	}
	switch storage {
	case "":
	case "default":
		quota.StorageGib = nil
	default:
		n, err := parseGiB(storage)
		if err != nil {
			return usagef("--max-storage: %v", err)
		}
		quota.StorageGib = &n
	}
	return nil
}

func (a *app) usersPasswordCommand() *cobra.Command {
	var passwordFile string
	cmd := &cobra.Command{
		Use:   "reset-password NAME",
		Short: "Give a user another password, which ends the user's sessions",
		Args:  exactly(userName),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			password, err := a.askPassword("New password of "+args[0], passwordFile)
			if err != nil {
				return err
			}
			return a.printUser(decode[openapi.User](c.UpdateUser(cmd.Context(), args[0], openapi.UpdateUserRequest{Password: &password})))
		},
	}
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "file that holds the password; - is standard input")
	return cmd
}

func (a *app) usersUnlockCommand() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "unlock [NAME]",
		Short: "Forget the failed sign-ins of a user, or from an address",
		Example: `  toygres users unlock anna
  toygres users unlock --address 203.0.113.7`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (address == "") == (len(args) == 0) {
				return usagef("name either a user or an --address")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if address == "" {
				return a.printUser(decode[openapi.User](c.UnlockUser(cmd.Context(), args[0])))
			}
			if err := done(c.UnlockAddress(cmd.Context(), address)); err != nil {
				return err
			}
			return a.say("Sign-ins from %s are looked at again\n", address)
		},
	}
	cmd.Flags().StringVar(&address, "address", "", "an IP address from which too many sign-ins have failed")
	return cmd
}

func (a *app) usersDeleteCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete NAME",
		Short: "Remove a user who owns no instances",
		Args:  exactly(userName),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			if !yes {
				keyboard := terminal(a.In)
				if keyboard == nil {
					return &failure{code: exitUsage, message: "removing " + args[0] + " needs a confirmation, and there is no terminal to ask on", hint: "add --yes if you mean it"}
				}
				fmt.Fprintf(a.Err, "This removes the user %s. Type the name to go on: ", clean(args[0]))
				if typed, err := readLine(keyboard); err != nil || typed != args[0] {
					return &failure{code: exitFailure, message: "that is not the name; nobody was removed"}
				}
			}
			if err := done(c.DeleteUser(cmd.Context(), args[0])); err != nil {
				return err
			}
			return a.say("%s is removed\n", clean(args[0]))
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "don't ask for confirmation")
	return cmd
}

// say prints a sentence for people, and nothing for programs.
func (a *app) say(format string, args ...any) error {
	if a.output != formatTable {
		return nil
	}
	return a.printf(format, args...)
}

func (a *app) printUser(user *openapi.User, err error) error {
	if err != nil {
		return err
	}
	return a.print(user, func(out io.Writer) {
		fields(out, "Name", user.Name, "Role", string(user.Role), "Sign-in", a.standing(*user), "Instances", used(user.Quota.Instances),
			"Storage", used(user.Quota.StorageGib)+" GiB", "Tokens", strconv.Itoa(user.Tokens), "Last seen", a.ago(user.LastSeenAt),
			"Created", stamp(&user.CreatedAt))
	})
}

// standing says whether a user can sign in.
func (a *app) standing(user openapi.User) string {
	switch {
	case user.Disabled:
		return "disabled"
	case user.LockedUntil != nil:
		return "locked until " + stamp(user.LockedUntil)
	}
	return "yes"
}

func used(u openapi.Used) string {
	if u.Limit == nil {
		return strconv.Itoa(u.Used)
	}
	return fmt.Sprintf("%d of %d", u.Used, *u.Limit)
}
