package cli

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Streams are what a run of the command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// app is one run of the command: its surroundings and its global flags.
type app struct {
	Streams
	env func(string) string
	now func() time.Time

	serverFlag string
	output     string
	noHeaders  bool
	quiet      bool

	// running is set when parsing is over and a command has begun. Errors
	// before that are mistakes in the use of the command.
	running bool
}

// Main runs the command with the arguments after the program's name and
// returns its exit code. It prints the error, if any. The context is
// cancelled to interrupt it.
func Main(ctx context.Context, args []string, streams Streams, env func(string) string) int {
	a := &app{Streams: streams, env: env, now: time.Now}
	return a.main(ctx, args)
}

func (a *app) main(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.running {
		err = &failure{code: exitUsage, message: err.Error(), hint: "see `toygres help`"}
	}
	return a.report(ctx, err)
}

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "toygres",
		Short: "PostgreSQL as a service, from the command line",
		Long: `toygres creates PostgreSQL instances, tells how to connect to them, and stops,
starts and deletes them.

  toygres login                   sign in to a server
  toygres create mydb --wait      create an instance and watch it become ready
  toygres psql mydb               open a SQL shell in it
  toygres connect mydb --url      print its connection URL, for scripts`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if a.output == formatCSV && cmd.Annotations[formatCSV] != "" {
				return nil
			}
			return checkFormat(a.output)
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.serverFlag, "server", "", "URL of the Toygres server (default: $TOYGRES_URL, or the one signed in to last, or "+defaultURL+")")
	flags.StringVarP(&a.output, "output", "o", formatTable, "output format: table, json or yaml, and csv of query")
	flags.BoolVar(&a.noHeaders, "no-headers", false, "print tables without their header line")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "print no progress and no hints")
	root.AddGroup(
		&cobra.Group{ID: groupInstances, Title: "Instances:"},
		&cobra.Group{ID: groupHistory, Title: "What happens:"},
		&cobra.Group{ID: groupAccess, Title: "Access:"},
	)
	root.AddCommand(
		a.createCommand(), a.forkCommand(), a.bulkCommand(), a.listCommand(), a.getCommand(), a.connectCommand(), a.psqlCommand(), a.queryCommand(), a.durableCommand(),
		a.stopCommand(), a.startCommand(), a.restartCommand(), a.updateCommand(), a.renameCommand(), a.parametersCommand(), a.resizeCommand(), a.upgradeCommand(), a.rotatePasswordCommand(), a.deleteCommand(), a.undeleteCommand(), a.offerCommand(), a.imagesCommand(),
		a.overviewCommand(), a.operationsCommand(), a.systemCommand(), a.driftCommand(), a.retentionCommand(), a.batchesCommand(), a.logsCommand(), a.eventsCommand(), a.healthCommand(), a.monitorCommand(), a.auditCommand(),
		a.loginCommand(), a.logoutCommand(), a.whoamiCommand(), a.passwordCommand(), a.tokensCommand(), a.usersCommand(),
		a.versionCommand(), exitCodesHelp(), environmentHelp(),
	)
	complete(root, "output", formatTable, formatJSON, formatYAML)
	a.markRunning(root)
	return root
}

const (
	groupInstances = "instances"
	groupHistory   = "history"
	groupAccess    = "access"
)

// markRunning makes every command note that its arguments were accepted, see
// app.running.
func (a *app) markRunning(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.running = true
			return run(cmd, args)
		}
	}
	for _, child := range cmd.Commands() {
		a.markRunning(child)
	}
}

// terminal returns the file behind a stream that is a terminal, or nil.
func terminal(stream any) *os.File {
	if f, ok := stream.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}
