package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/toygres/toygres/dev/stacktest"
)

const (
	startTarget  = 15 * time.Second
	memoryTarget = 100.0 // MiB, of each program when idle
)

// benchStack measures how soon a built stack is healthy again, and what its
// programs hold when nothing happens. The floors of these are the promised
// figures themselves, so that a ratio of at most 1 keeps the promise.
func benchStack(ctx context.Context, _ settings) ([]figure, error) {
	stack, err := stacktest.Up(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	if err := stack.Down(ctx); err != nil {
		return nil, err
	}
	started := time.Now()
	if err := stack.Up(ctx); err != nil {
		return nil, err
	}
	took := time.Since(started)
	started = time.Now()
	if err := stack.Up(ctx); err != nil {
		return nil, err
	}
	again := time.Since(started)

	figures := []figure{
		{name: "stack start when built", value: took.Seconds(), floor: startTarget.Seconds(), target: 1,
			detail: fmt.Sprintf("%.1f s of %s, with its instance answering", took.Seconds(), startTarget)},
		{name: "up when it runs", value: again.Seconds(), floor: startTarget.Seconds(), target: 1,
			detail: fmt.Sprintf("%.1f s of %s", again.Seconds(), startTarget)},
	}
	memory, err := memoryFigures(stack, " when idle")
	return append(figures, memory...), err
}

// memoryFigures are what our programs hold.
func memoryFigures(stack *stacktest.Stack, when string) (figures []figure, err error) {
	for _, part := range []string{"api", "worker"} {
		mib, err := residentMiB(stack.PID(part))
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{name: part + " memory" + when, value: mib, floor: memoryTarget, target: 1,
			detail: fmt.Sprintf("%.0f MiB resident of %.0f MiB", mib, memoryTarget)})
	}
	return figures, nil
}

// residentMiB reads the resident set of a process from proc_pid_statm(5).
func residentMiB(pid int) (float64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(statm), &size, &resident); err != nil {
		return 0, err
	}
	return resident * float64(os.Getpagesize()) / (1 << 20), nil
}
