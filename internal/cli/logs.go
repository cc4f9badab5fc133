package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/internal/cli/sse"
	"github.com/toygres/toygres/openapi"
)

func (a *app) logsCommand() *cobra.Command {
	var follow bool
	var tail int
	var since, filter string
	cmd := &cobra.Command{
		Use:     "logs NAME",
		GroupID: groupInstances,
		Short:   "Show what an instance's server has written to its log",
		Long: `Shows the last lines of the log of an instance's server, oldest first.
With -o json or yaml each line is an object or item of its own.`,
		Example: `  toygres logs mydb --tail 50
  toygres logs mydb --since 10m --filter error
  toygres logs mydb -f`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			params := openapi.GetLogsParams{Tail: &tail, Filter: optional(filter)}
			if tail < 0 || tail > maxTail {
				return usagef("--tail must be between 0 and %d", maxTail)
			}
			from, err := parseMoment("since", since, a.now())
			if err != nil {
				return err
			}
			params.Since = from
			c, err := a.connect()
			if err != nil {
				return err
			}
			if follow {
				return a.followLog(cmd.Context(), c, args[0], params)
			}
			return a.showLog(cmd.Context(), c, args[0], params)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what is written from now on")
	cmd.Flags().IntVar(&tail, "tail", 200, "how many of the last lines at most")
	cmd.Flags().StringVar(&since, "since", "", "only lines of the last `duration`, as in 10m, or from a time on, as in 2026-03-10T12:00:00Z")
	cmd.Flags().StringVar(&filter, "filter", "", "only lines with this `text` in them, in upper or lower case")
	return cmd
}

// maxTail is how many past lines the server is ready to show.
const maxTail = 10_000

// parseMoment reads a flag that is a duration before now, or a time; nil when it
// is not given.
func parseMoment(flag, text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		at := now.Add(-ago).UTC()
		return &at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, usagef("--%s %q is neither a duration like 10m nor a time like 2026-03-10T12:00:00Z", flag, text)
	}
	return &at, nil
}

// showLog prints the log as it is now.
func (a *app) showLog(ctx context.Context, c *client, name string, params openapi.GetLogsParams) error {
	response, err := c.GetLogs(ctx, name, &params)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !isText(response) {
		if _, err = accept(response, nil); err == nil {
			err = notToygres(response)
		}
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLogLine)
	for lines.Scan() {
		if err := a.printLogLine(lines.Text()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return lostConnection(origin(response.Request.URL), err)
	}
	return nil
}

// maxLogLine bounds one line; the server cuts them much earlier.
const maxLogLine = 1 << 20

func isText(response *http.Response) bool {
	return strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain")
}

// followLog prints the log until it ends or is interrupted.
func (a *app) followLog(ctx context.Context, c *client, name string, params openapi.GetLogsParams) error {
	follow := true
	params.Follow = &follow
	errEnded := errors.New("the log has ended")
	stream := subscription{client: c,
		connect: func(ctx context.Context) (*http.Response, error) { return c.streams.GetLogs(ctx, name, &params) },
		opened: func() {
			none := 0 // the next time, past lines have been seen
			params.Tail, params.Since = &none, nil
		},
		cut: func(err error) { a.notef("%s; trying again, lines may be missing", clean(err.Error())) },
		event: func(event sse.Event) error {
			switch event.Type {
			case "log":
				var message openapi.LogLines
				if json.Unmarshal([]byte(event.Data), &message) != nil {
					return nil //nolint:nilerr // of a newer server, and none for us
				}
				if message.Dropped != nil {
					a.notef("%d lines were left out: this is too slow for the log", *message.Dropped)
				}
				for _, line := range message.Lines {
					if err := a.printLogLine(line); err != nil {
						return err
					}
				}
			case "end":
				var end openapi.LogEnd
				_ = json.Unmarshal([]byte(event.Data), &end) // it has ended, whatever it says
				if end.Code != nil {
					return &failure{code: exitFailure, message: "the log can't be read on: " + clean(end.Reason)}
				}
				a.notef("the log has ended: %s", clean(end.Reason))
				return errEnded
			}
			return nil
		}}
	if err := stream.run(ctx); !errors.Is(err, errEnded) {
		return err
	}
	return nil
}

// printLogLine prints a line, which may hold anything.
func (a *app) printLogLine(line string) error {
	switch a.output {
	case formatJSON:
		text, err := jsonOf(map[string]string{"line": line}, "")
		if err != nil {
			return err
		}
		return a.write(text)
	case formatYAML:
		text, err := yamlOf([]string{line})
		if err != nil {
			return err
		}
		return a.write(text)
	default:
		return a.write(fmt.Appendln(nil, keepTabs(line)))
	}
}

// keepTabs is [clean] for a line of which the white space means something.
func keepTabs(line string) string {
	parts := strings.Split(line, "\t")
	for i := range parts {
		parts[i] = clean(parts[i])
	}
	return strings.Join(parts, "\t")
}
