package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/openapi"
)

const (
	atOnce            = 4 // creates of a batch; a place more is left to others
	batchTarget       = 1.2
	interactiveTarget = 2.0
	bigBatch          = 500
)

// batchStack has ports for what these benches make.
func batchStack(ctx context.Context, variables ...string) (*stacktest.Stack, error) {
	return stacktest.Up(ctx, os.Stderr, stacktest.WithEnvironment(append(variables, "INSTANCE_PORTS=22000-22999")...))
}

// benchBatch compares a batch of creates, from its request to its end, with as
// many servers made by hand, as many at a time.
func benchBatch(ctx context.Context, s settings) ([]figure, error) {
	stack, err := batchStack(ctx, "TOYGRES_CREATES_AT_ONCE="+strconv.Itoa(atOnce+1))
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	raw, err := newRaw(stack)
	if err != nil {
		return nil, err
	}
	defer raw.clean()

	started := time.Now()
	batch, err := begin(ctx, stack, s.batch)
	if err != nil {
		return nil, err
	}
	if batch, err = awaitBatch(ctx, stack, batch, func(b openapi.Batch) bool { return b.EndedAt != nil }); err != nil {
		return nil, err
	}
	ours := time.Since(started)
	if batch.Counts.Succeeded != s.batch {
		return nil, fmt.Errorf("of %d creates only %d succeeded", s.batch, batch.Counts.Succeeded)
	}
	where, err := whereItWent(ctx, stack, batch)
	if err != nil {
		return nil, err
	}
	if err := removeBatch(ctx, stack); err != nil {
		return nil, err
	}
	floor, err := raw.many(ctx, s.batch, atOnce)
	if err != nil {
		return nil, err
	}
	return []figure{{name: fmt.Sprintf("batch of %d creates", s.batch), value: ours.Seconds(), floor: floor.Seconds(), target: batchTarget,
		detail: fmt.Sprintf("batch %.1f s, by hand %.1f s, %d at a time; steps: %s", ours.Seconds(), floor.Seconds(), atOnce, where)}}, nil
}

// many makes servers by hand and leaves them running until all are made.
func (r *raw) many(ctx context.Context, n, atOnce int) (time.Duration, error) {
	started := time.Now()
	stops := make([]func(), n)
	defer func() {
		for _, stop := range stops {
			if stop != nil {
				stop()
			}
		}
	}()
	var made errgroup.Group
	made.SetLimit(atOnce)
	for i := range n {
		made.Go(func() (err error) {
			stops[i], _, err = r.start(ctx)
			return err
		})
	}
	err := made.Wait()
	return time.Since(started), err
}

// benchInteractive compares creates that are asked for by themselves while a
// batch of 500 runs with such creates when nothing else happens.
func benchInteractive(ctx context.Context, s settings) ([]figure, error) {
	stack, err := batchStack(ctx)
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	several := func() (took []time.Duration, steps *split, err error) {
		steps = newSplit()
		for round := range s.rounds {
			name := fmt.Sprintf("interactive-%d", round)
			t, operation, err := createOnce(ctx, stack, name)
			if err != nil {
				return nil, nil, fmt.Errorf("round %d: %w", round, err)
			}
			took = append(took, t)
			steps.add(t, operation)
			if err := deleteOnce(ctx, stack, name); err != nil {
				return nil, nil, err
			}
		}
		return took, steps, nil
	}
	idle, _, err := several()
	if err != nil {
		return nil, err
	}
	var busy []time.Duration
	var steps *split
	made, err := during(ctx, stack, func() (err error) {
		busy, steps, err = several()
		return err
	})
	if err != nil {
		return nil, err
	}
	return []figure{{name: "create during a batch p95", value: quantile(busy, 0.95).Seconds(), floor: quantile(idle, 0.95).Seconds(), target: interactiveTarget,
		detail: fmt.Sprintf("%s while the batch made %d, idle %s (medians %s, %s; of %d); steps: %s", millis(quantile(busy, 0.95)), made,
			millis(quantile(idle, 0.95)), millis(median(busy)), millis(median(idle)), s.rounds, steps)}}, nil
}

// during does something while a batch of 500 runs, and returns how many that has
// made meanwhile. Then it cancels the batch.
func during(ctx context.Context, stack *stacktest.Stack, do func() error) (made int, err error) {
	batch, err := begin(ctx, stack, bigBatch)
	if err != nil {
		return 0, err
	}
	before, err := awaitBatch(ctx, stack, batch, func(b openapi.Batch) bool { return b.Counts.Succeeded >= atOnce })
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := awaitBatch(ctx, stack, batch, func(openapi.Batch) bool { return true })
	if err != nil {
		return 0, err
	}
	if after.EndedAt != nil {
		return 0, fmt.Errorf("the batch was over before the measurement: %+v", after.Counts)
	}
	cancelled, err := stack.Client.CancelBatchWithResponse(ctx, batch.Id)
	if err != nil {
		return 0, err
	}
	if cancelled.StatusCode() != http.StatusAccepted {
		return 0, fmt.Errorf("cancel: %s: %s", cancelled.Status(), cancelled.Body)
	}
	_, err = awaitBatch(ctx, stack, batch, func(b openapi.Batch) bool { return b.EndedAt != nil })
	return after.Counts.Succeeded - before.Counts.Succeeded, err
}

func begin(ctx context.Context, stack *stacktest.Stack, n int) (openapi.Batch, error) {
	answer, err := stack.Client.CreateInstancesWithResponse(ctx, nil, openapi.CreateInstancesRequest{
		Instances: []openapi.CreateInstanceRequest{{Name: fmt.Sprintf("load-{1..%d}", n)}}})
	if err != nil {
		return openapi.Batch{}, err
	}
	if answer.JSON202 == nil {
		return openapi.Batch{}, fmt.Errorf("begin a batch: %s: %s", answer.Status(), answer.Body)
	}
	return *answer.JSON202, nil
}

// awaitBatch looks often enough for what takes tens of seconds, and seldom
// enough to be no load.
func awaitBatch(ctx context.Context, stack *stacktest.Stack, batch openapi.Batch, done func(openapi.Batch) bool) (openapi.Batch, error) {
	for {
		answer, err := stack.Client.GetBatchWithResponse(ctx, batch.Id, nil)
		if err != nil {
			return batch, err
		}
		if answer.JSON200 == nil {
			return batch, fmt.Errorf("look at the batch: %s: %s", answer.Status(), answer.Body)
		}
		if done(*answer.JSON200) {
			return *answer.JSON200, nil
		}
		select {
		case <-ctx.Done():
			return batch, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func removeBatch(ctx context.Context, stack *stacktest.Stack) error {
	match, purge := "load-*", true
	answer, err := stack.Client.DeleteInstancesWithResponse(ctx, nil, openapi.DeleteInstancesRequest{Match: &match, Purge: &purge})
	if err != nil {
		return err
	}
	if answer.JSON202 == nil {
		return fmt.Errorf("delete: %s: %s", answer.Status(), answer.Body)
	}
	_, err = awaitBatch(ctx, stack, *answer.JSON202, func(b openapi.Batch) bool { return b.EndedAt != nil })
	return err
}

// whereItWent takes some of a batch's operations apart.
func whereItWent(ctx context.Context, stack *stacktest.Stack, batch openapi.Batch) (*split, error) {
	steps := newSplit()
	for _, item := range *batch.Items {
		answer, err := stack.Client.GetOperationWithResponse(ctx, *item.OperationId)
		if err != nil {
			return nil, err
		}
		operation := *answer.JSON200
		steps.add(operation.EndedAt.Sub(operation.CreatedAt), operation)
	}
	return steps, nil
}
