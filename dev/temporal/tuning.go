package main

import "go.temporal.io/server/common/dynamicconfig"

// historyShards is fixed for the life of a database.
const historyShards = 1

// dynamicConfig makes a small server answer fast.
var dynamicConfig = map[dynamicconfig.Key]any{}
