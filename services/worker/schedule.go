package main

import (
	"context"
	"time"

	"github.com/toygres/toygres/workflows"
)

// scheduleEvery is the time between two looks whether the schedule is there:
// Temporal's database may be lost or exchanged while we run.
const scheduleEvery = 10 * time.Minute

// keepScheduled sees to it that old records are removed, until ctx ends.
func (q *taskQueue) keepScheduled(ctx context.Context) {
	for told := ""; ctx.Err() == nil; {
		pause := scheduleEvery
		call, cancel := context.WithTimeout(ctx, callTimeout)
		err := workflows.SchedulePrune(call, q.client)
		cancel()
		if err != nil {
			pause = 10 * retryTemporal
			if ctx.Err() == nil && err.Error() != told {
				told = err.Error()
				q.log.Warn("the removal of old records is not scheduled; trying again", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
