package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/toygres/toygres/internal/cli/sqlshell"
	"github.com/toygres/toygres/openapi"
)

func (a *app) psqlCommand() *cobra.Command {
	var commands []string
	var builtin bool
	cmd := &cobra.Command{
		Use:     "psql NAME [-- PSQL-ARGUMENT...]",
		GroupID: groupInstances,
		Short:   "Open a SQL shell in an instance",
		Long: `Runs psql, signed in to the instance; what follows -- goes to psql as it is.
Where psql is not installed a small shell of our own takes its place.

The password appears neither in the arguments nor in the environment of psql.`,
		Example: `  toygres psql mydb
  toygres psql mydb -c 'SELECT version()'
  toygres psql mydb -- -At -f report.sql`,
		Args: func(cmd *cobra.Command, args []string) error {
			before := cmd.ArgsLenAtDash()
			if before < 0 {
				before = len(args)
			}
			if before != 1 || args[0] == "" {
				return usagef("`toygres psql` takes one instance's name; arguments for psql come after --")
			}
			return nil
		},
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			arguments := args[1:]
			for _, command := range commands {
				arguments = append(arguments, "-c", command)
			}
			return a.psql(cmd.Context(), args[0], arguments, builtin)
		},
	}
	cmd.Flags().StringArrayVarP(&commands, "command", "c", nil, "run this SQL and exit; may be given several times")
	cmd.Flags().BoolVar(&builtin, "builtin", false, "use the shell of our own even if psql is installed")
	return cmd
}

func (a *app) psql(ctx context.Context, name string, arguments []string, builtin bool) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	program, missing := exec.LookPath("psql")
	if builtin || missing != nil {
		options, err := sqlshell.ParseArguments(arguments)
		if err != nil {
			return &failure{code: exitUsage, message: err.Error(), hint: "install psql for all of its options"}
		}
		connection, err := reveal(ctx, c, name)
		if err != nil {
			return err
		}
		return a.builtinShell(ctx, name, connection, options, missing != nil)
	}
	connection, err := reveal(ctx, c, name)
	if err != nil {
		return err
	}
	environment, err := psqlEnvironment(os.Environ(), connection)
	if err != nil {
		return err
	}
	err = syscall.Exec(program, append([]string{"psql"}, arguments...), environment)
	return fileFailure("run", program, err) // reached only if it could not be started
}

func (a *app) builtinShell(ctx context.Context, name string, connection *openapi.Connection, options sqlshell.Options, missing bool) error {
	shell := sqlshell.Shell{
		Options: options, Name: clean(name), Keyboard: terminal(a.In), In: a.In, Out: a.Out, Err: a.Err, Clean: clean,
		Host: connection.Host, Port: connection.Port, User: connection.Username, Password: text(connection.Password),
		Database: connection.Database, SSLMode: connection.Sslmode,
	}
	if missing && shell.Interactive() {
		a.notef("psql is not installed, so this is a small shell of our own; psql gives more (\\? for help)")
	}
	code, err := shell.Run(ctx)
	var unreachable *sqlshell.ConnectError
	switch {
	case errors.As(err, &unreachable):
		return &failure{code: code, message: unreachable.Error(), hint: fmt.Sprintf("see how it is with `toygres get %s`", name), cause: err}
	case err != nil:
		return err
	case code != 0:
		return exitCode(code) // said already
	}
	return nil
}

// psqlEnvironment is the environment that signs psql in: the user's own
// without what would lead psql elsewhere. The password is in a file that
// exists in memory only, is open in this process and its successor, and
// counts for this one server.
func psqlEnvironment(own []string, c *openapi.Connection) ([]string, error) {
	port := strconv.Itoa(c.Port)
	var environment []string
	for _, entry := range own {
		switch variable, _, _ := strings.Cut(entry, "="); variable {
		case "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE", "PGPASSWORD", "PGPASSFILE",
			"PGSERVICE", "PGREQUIREPEER", "PGTARGETSESSIONATTRS", "TOYGRES_TOKEN":
		default:
			environment = append(environment, entry)
		}
	}
	file, err := passwordFile(c.Host, port, c.Username, text(c.Password))
	if err != nil {
		return nil, err
	}
	return append(environment, "PGHOST="+c.Host, "PGPORT="+port, "PGUSER="+c.Username,
		"PGDATABASE="+c.Database, "PGSSLMODE="+c.Sslmode, "PGPASSFILE="+file), nil
}

// passwordFile makes a password file for libpq in memory and returns its
// path. It stays open, so that it survives exec.
func passwordFile(host, port, user, password string) (string, error) {
	fd, err := unix.MemfdCreate("toygres-pgpass", 0)
	if err != nil {
		return "", fileFailure("make", "a password file in memory", err)
	}
	escape := strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace
	line := fmt.Sprintf("%s:%s:*:%s:%s\n", escape(host), port, escape(user), escape(password))
	// libpq ignores a password file that others may read.
	if err := unix.Fchmod(fd, 0o600); err != nil {
		return "", fileFailure("protect", "the password file in memory", err)
	}
	if _, err := unix.Write(fd, []byte(line)); err != nil {
		return "", fileFailure("write", "the password file in memory", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), nil
}
