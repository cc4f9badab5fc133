package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/toygres/toygres/openapi"
)

var errBatchCancelled = errors.New("the batch was cancelled")

// followBatch shows a batch that has begun. With --wait it shows the counts
// while they change, and in the end the items that have not succeeded.
func (a *app) followBatch(ctx context.Context, c *client, batch *openapi.Batch, wait waiting) error {
	if !wait.wait {
		return a.print(batch, func(out io.Writer) {
			fmt.Fprintf(out, "Batch %s: %s %d instances\n", batch.Id, batch.Kind, batch.Counts.Total)
			a.hintf("Follow it with `toygres batches get %s --wait`.", batch.Id)
		})
	}
	display := a.newBatchProgress()
	waitCtx, cancel := context.WithTimeoutCause(ctx, wait.timeout, errTimeIsUp)
	defer cancel()
	err := c.follow(waitCtx, openapi.StreamEventsParams{Batch: &batch.Id}, func(ctx context.Context) (bool, error) {
		none := 1
		latest, err := decode[openapi.Batch](c.GetBatch(ctx, batch.Id, &openapi.GetBatchParams{Limit: &none}))
		if err != nil {
			return false, err
		}
		batch = latest
		display.show(latest)
		return ended(latest.State), nil
	}, func(error) {})
	display.end()
	switch {
	case err == nil:
		return a.batchEnded(ctx, c, batch)
	case ctx.Err() != nil:
		fmt.Fprintf(a.Err, "toygres: interrupted; the batch goes on\n  follow it with `toygres batches get %s --wait`\n  cancel it with `toygres batches cancel %[1]s`\n", batch.Id)
		return exitCode(exitInterrupted)
	case errors.Is(context.Cause(waitCtx), errTimeIsUp):
		return &failure{code: exitUnavailable, message: fmt.Sprintf("the batch is not done after %s, and goes on", wait.timeout),
			hint: fmt.Sprintf("follow it with `toygres batches get %s --wait`", batch.Id)}
	}
	return err
}

// batchEnded prints what came of it.
func (a *app) batchEnded(ctx context.Context, c *client, batch *openapi.Batch) error {
	states := &[]openapi.BatchItemState{openapi.BatchItemStateFailed, openapi.BatchItemStateCancelled}
	if a.output != formatTable {
		states = nil
	}
	batch, err := a.allOfBatch(ctx, c, batch.Id, states)
	if err != nil {
		return err
	}
	if err := a.printBatch(batch); err != nil {
		return err
	}
	switch batch.State {
	case openapi.OperationStateCancelled:
		return &failure{code: exitOperation, message: fmt.Sprintf("the batch was cancelled; of %d instances %s", batch.Counts.Total, tally(batch.Counts)), cause: errBatchCancelled}
	case openapi.OperationStateFailed:
		return &failure{code: exitOperation, message: fmt.Sprintf("%d of %d instances failed", batch.Counts.Failed, batch.Counts.Total)}
	}
	return nil
}

// tally says how many items are in which state, without the states that have
// none.
func tally(n openapi.BatchCounts) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{n.Succeeded, "succeeded"}, {n.Failed, "failed"}, {n.Cancelled, "cancelled"}, {n.Running, "running"}, {n.Waiting, "waiting"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

// batchProgress shows the counts of a batch: in place on a terminal, as a line
// for each change elsewhere.
type batchProgress struct {
	out     io.Writer
	inPlace bool
	said    string
}

func (a *app) newBatchProgress() *batchProgress {
	p := &batchProgress{out: a.Err, inPlace: terminal(a.Err) != nil && a.env("TERM") != "dumb"}
	if a.quiet {
		p.out = io.Discard
	}
	return p
}

func (p *batchProgress) show(b *openapi.Batch) {
	over := b.Counts.Succeeded + b.Counts.Failed + b.Counts.Cancelled
	line := fmt.Sprintf("%d of %d: %s", over, b.Counts.Total, tally(b.Counts))
	if b.CancelAsked && !ended(b.State) {
		line += "; being cancelled"
	}
	switch {
	case line == p.said:
	case p.inPlace:
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	default:
		fmt.Fprintln(p.out, line)
	}
	p.said = line
}

// end leaves the last counts on the screen.
func (p *batchProgress) end() {
	if p.inPlace && p.said != "" {
		fmt.Fprintln(p.out)
	}
}
