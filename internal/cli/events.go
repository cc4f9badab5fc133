package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/internal/cli/sse"
	"github.com/toygres/toygres/openapi"
)

func (a *app) eventsCommand() *cobra.Command {
	var instance string
	var follow bool
	var limit int
	cmd := &cobra.Command{
		Use:     "events",
		GroupID: groupHistory,
		Short:   "Show what happened, and what happens",
		Long: `Shows the events of an instance, oldest first, or follows those of all instances.
With --follow, -o json prints one object on each line.`,
		Example: `  toygres events --instance mydb
  toygres events --follow`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if instance == "" && !follow {
				return usagef("`toygres events` needs --instance NAME or --follow")
			}
			if limit < 1 {
				return usagef("--limit must be at least 1")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if follow {
				return a.followEvents(cmd.Context(), c, instance, limit)
			}
			list, err := pastEvents(cmd.Context(), c, instance, limit)
			if err != nil {
				return err
			}
			slices.Reverse(list.Items)
			return a.print(list, func(out io.Writer) {
				var rows [][]string
				for _, e := range list.Items {
					rows = append(rows, []string{stamp(&e.CreatedAt), e.Type, text(e.Actor), e.Message})
				}
				a.columns(out, []string{"TIME", "TYPE", "WHO", "MESSAGE"}, rows)
			})
		},
	}
	cmd.Flags().StringVar(&instance, "instance", "", "only events of this instance")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what happens from now on")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many past events at most")
	a.completeInstanceFlag(cmd)
	return cmd
}

// pastEvents reads the latest events of an instance, newest first.
func pastEvents(ctx context.Context, c *client, instance string, limit int) (*openapi.EventList, error) {
	events, err := pages(limit, func(cursor *string, size *int) ([]openapi.Event, *string, error) {
		page, err := decode[openapi.EventList](c.ListInstanceEvents(ctx, instance, &openapi.ListInstanceEventsParams{Cursor: cursor, Limit: size}))
		if err != nil {
			return nil, nil, err
		}
		return page.Items, page.NextCursor, nil
	})
	return &openapi.EventList{Items: events}, err
}

// followEvents prints past events of the instance, if one is named, and then
// each new one until interrupted. The stream is opened before the past is
// read, so that nothing falls between the two.
func (a *app) followEvents(ctx context.Context, c *client, instance string, limit int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opened := make(chan struct{}, 1)
	live := make(chan openapi.Event)
	ended := make(chan error, 1)
	stream := subscription{client: c, params: openapi.StreamEventsParams{Instance: optional(instance)},
		opened: func() {
			select {
			case opened <- struct{}{}:
			default:
			}
		},
		cut: func(err error) { a.notef("%s; trying again", clean(err.Error())) },
		event: func(raw sse.Event) error {
			if raw.Type == "gap" {
				a.notef("events from the time without a connection were removed; some are missing here")
				return nil
			}
			var event openapi.Event
			if json.Unmarshal([]byte(raw.Data), &event) != nil {
				return nil //nolint:nilerr // an event of a newer server that is none for us
			}
			select {
			case live <- event:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
	go func() { ended <- stream.run(ctx) }()
	var last int64
	for {
		select {
		case err := <-ended:
			return err
		case <-opened:
			if instance == "" || last > 0 {
				continue // a reconnected stream resumes by itself
			}
			past, err := pastEvents(ctx, c, instance, limit)
			if err != nil {
				return err
			}
			for _, event := range slices.Backward(past.Items) {
				if err := a.printEvent(event, &last); err != nil {
					return err
				}
			}
		case event := <-live:
			if err := a.printEvent(event, &last); err != nil {
				return err
			}
		}
	}
}

// printEvent prints an event that was not printed yet; last is the id of the
// newest that was.
func (a *app) printEvent(event openapi.Event, last *int64) error {
	if id, err := strconv.ParseInt(event.Id, 10, 64); err == nil {
		if id <= *last {
			return nil
		}
		*last = id
	}
	var line []byte
	var err error
	switch a.output {
	case formatJSON:
		line, err = jsonOf(event, "")
	case formatYAML:
		line, err = yamlOf(event)
		line = append([]byte("---\n"), line...)
	default:
		var row bytes.Buffer
		fmt.Fprintf(&row, "%s  %-20s  %-18s  %s\n", stamp(&event.CreatedAt), clean(event.InstanceName), clean(event.Type), clean(event.Message))
		line = row.Bytes()
	}
	if err != nil {
		return err
	}
	return a.write(line)
}
