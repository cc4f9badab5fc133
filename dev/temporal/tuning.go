package main

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// historyShards is fixed for the life of a database. A few let workflows proceed side by side on a small machine.
const historyShards = 4

// dynamicConfig makes a small server answer fast. The figures are in docs/decisions/0002-temporal-persistence.md.
var dynamicConfig = map[dynamicconfig.Key]any{
	// Every step of a workflow passes through a queue that reads at most 20 times a second by default, which spares
	// a big cluster's database and costs us 50 ms a step.
	dynamicconfig.TransferProcessorMaxPollRPS.Key():   1000,
	dynamicconfig.TimerProcessorMaxPollRPS.Key():      1000,
	dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): 1000,

	// A new namespace can be used after this long.
	dynamicconfig.NamespaceCacheRefreshInterval.Key(): 250 * time.Millisecond,
}
