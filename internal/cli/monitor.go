package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) healthCommand() *cobra.Command {
	var window string
	cmd := &cobra.Command{
		Use:     "health NAME",
		GroupID: groupHistory,
		Short:   "Show the health of an instance, and how it answered",
		Example: `  toygres health mydb
  toygres health mydb --window 30d -o json`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			span := openapi.GetHealthParamsWindow(window)
			if !span.Valid() {
				return usagef("--window must be 1h, 24h, 7d or 30d")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			history, err := decode[openapi.HealthHistory](c.GetHealth(cmd.Context(), args[0], &openapi.GetHealthParams{Window: &span}))
			if err != nil {
				return err
			}
			return a.print(history, func(out io.Writer) { a.printHealth(out, args[0], history) })
		},
	}
	cmd.Flags().StringVar(&window, "window", "1h", "how far to go back: 1h by the minute, 24h, 7d or 30d by the hour")
	complete(cmd, "window", "1h", "24h", "7d", "30d")
	return cmd
}

func (a *app) printHealth(out io.Writer, name string, h *openapi.HealthHistory) {
	fields(out, "Health", healthOf(h.Health, h.HealthMessage), "Monitored", yesNo(h.Monitored))
	if len(h.Points) == 0 {
		a.hintf("It was not probed in the last %s. See `toygres monitor status`, and `toygres get %s`.", h.Window, name)
		return
	}
	fmt.Fprintln(out)
	ms := func(latency *float64) string {
		if latency == nil {
			return ""
		}
		return fmt.Sprintf("%.1f ms", *latency)
	}
	var rows [][]string
	for _, p := range h.Points {
		rows = append(rows, []string{stamp(&p.At), fmt.Sprint(p.Probes), fmt.Sprint(p.Failures),
			ms(p.LatencyMinMs), ms(p.LatencyMeanMs), ms(p.LatencyMaxMs)})
	}
	a.columns(out, []string{"FROM", "PROBES", "FAILED", "LEAST", "MEAN", "MOST"}, rows)
}

func (a *app) monitorCommand() *cobra.Command {
	cmd := group("monitor", "What watches the health of instances")
	cmd.GroupID = groupHistory
	cmd.AddCommand(
		a.monitorStatusCommand(),
		a.monitorChange("pause", "Pause the monitoring of an instance, or of all",
			func(ctx context.Context, c *client) (*http.Response, error) { return c.PauseMonitor(ctx) }, monitored(false)),
		a.monitorChange("resume", "Resume the monitoring of an instance, or of all",
			func(ctx context.Context, c *client) (*http.Response, error) { return c.ResumeMonitor(ctx) }, monitored(true)),
		a.monitorChange("restart", "Have the monitor begin anew with an instance, or with all",
			func(ctx context.Context, c *client) (*http.Response, error) { return c.RestartMonitor(ctx) },
			func(ctx context.Context, c *client, name string) (*http.Response, error) {
				return c.RestartWatching(ctx, name)
			}),
	)
	return cmd
}

// monitored sets whether an instance is watched.
func monitored(wanted bool) func(context.Context, *client, string) (*http.Response, error) {
	return func(ctx context.Context, c *client, name string) (*http.Response, error) {
		return c.UpdateInstance(ctx, name, nil, openapi.UpdateInstanceRequest{Monitored: &wanted})
	}
}

func (a *app) monitorStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show how the monitor is, and whether it is behind",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			monitor, err := decode[openapi.Monitor](c.GetMonitor(cmd.Context()))
			if err != nil {
				return err
			}
			return a.printMonitor(monitor)
		},
	}
}

// monitorChange is a command for one instance, or without a name for all.
func (a *app) monitorChange(verb, short string, all func(context.Context, *client) (*http.Response, error),
	one func(context.Context, *client, string) (*http.Response, error)) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " [NAME]",
		Short:             short,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				monitor, err := decode[openapi.Monitor](all(cmd.Context(), c))
				if err != nil {
					return err
				}
				return a.printMonitor(monitor)
			}
			instance, err := decode[openapi.Instance](one(cmd.Context(), c, args[0]))
			if err != nil {
				return err
			}
			return a.print(instance, func(out io.Writer) {
				watched := "monitored"
				if !instance.Monitored {
					watched = "not monitored"
				}
				fmt.Fprintf(out, "%s is %s\n", clean(instance.Name), watched)
			})
		},
	}
}

func (a *app) printMonitor(m *openapi.Monitor) error {
	seconds := func(s float64) string { return showAge(time.Duration(s * float64(time.Second))) }
	return a.print(m, func(out io.Writer) {
		fields(out, "State", string(m.State), "Behind by", seconds(m.LagSeconds), "Instances", fmt.Sprint(m.Instances))
		if len(m.Shards) == 0 {
			a.hintf("No worker has come yet: see whether one runs.")
			return
		}
		fmt.Fprintln(out)
		var rows [][]string
		for _, s := range m.Shards {
			heard := "never"
			if s.ReportedAt != nil {
				heard = showAge(a.now().Sub(*s.ReportedAt)) + " ago"
			}
			rows = append(rows, []string{fmt.Sprint(s.Shard), fmt.Sprint(s.Instances), seconds(s.LagSeconds), heard, text(s.Worker)})
		}
		a.columns(out, []string{"SHARD", "INSTANCES", "BEHIND BY", "HEARD OF", "WORKER"}, rows)
	})
}
