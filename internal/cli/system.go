package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) systemCommand() *cobra.Command {
	var withSettings bool
	cmd := &cobra.Command{
		Use:     "system",
		GroupID: groupHistory,
		Short:   "What this installation is made of, and how its parts are",
		Long: `Shows the release of the API and of each worker, which tasks wait for one, how many instances are being made, and how far
the monitor is. With --settings also the configuration of the API, without secrets.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			system, err := decode[openapi.System](c.GetSystem(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(system, func(out io.Writer) { a.printSystem(out, system, withSettings) })
		},
	}
	cmd.Flags().BoolVar(&withSettings, "settings", false, "with the configuration of the API")
	return cmd
}

func (a *app) printSystem(out io.Writer, s *openapi.System, withSettings bool) {
	limit := "as many as CPUs, and one"
	if s.Places.Limit != nil {
		limit = fmt.Sprint(*s.Places.Limit)
	}
	fields(out, "API", s.Build, "Schema", fmt.Sprint(s.SchemaVersion), "Provider", s.Provider,
		"Temporal", s.Temporal.Namespace+" "+text(s.Temporal.Url), "Trouble", text(s.Temporal.Error),
		"Being made", fmt.Sprintf("%d of %s, %d wait", s.Places.Used, limit, s.Places.Waiting),
		"Monitor", fmt.Sprintf("%s, %d instances", s.Monitor.State, s.Monitor.Instances))
	var workers, queues [][]string
	for _, w := range s.Workers {
		workers = append(workers, []string{w.Identity, text(w.Build), yesNo(w.TakesNew), joined(w.Takes), showAge(a.now().Sub(w.LastSeenAt)) + " ago"})
	}
	for _, q := range s.TaskQueues {
		queues = append(queues, []string{q.Name, string(q.Takes), fmt.Sprint(q.Workers), fmt.Sprint(q.Backlog),
			showAge(time.Duration(q.BacklogAgeSeconds * float64(time.Second)))})
	}
	fmt.Fprintln(out)
	if s.Temporal.Error == nil {
		a.columns(out, []string{"WORKER", "RELEASE", "NEW OPERATIONS", "TAKES", "SEEN"}, workers)
		fmt.Fprintln(out)
		a.columns(out, []string{"TASK QUEUE", "OF", "WORKERS", "WAITING", "FOR"}, queues)
	}
	if withSettings {
		var rows [][]string
		for _, setting := range s.Settings {
			rows = append(rows, []string{setting.Name, shown(setting), yesNo(setting.Default)})
		}
		fmt.Fprintln(out)
		a.columns(out, []string{"SETTING", "VALUE", "DEFAULT"}, rows)
	}
}

func shown(s openapi.Setting) string {
	if s.Secret {
		return "(set)"
	}
	return text(s.Value)
}

func joined(kinds []openapi.TaskKind) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = string(kind)
	}
	return strings.Join(words, ", ")
}
