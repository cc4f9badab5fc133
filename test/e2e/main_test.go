package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// shared is the Toygres of all tests that do not disturb it.
var shared deployment

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute) // the first time, much is built
	defer cancel()
	var err error
	if shared, err = deploy(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer shared.Clean()
	return m.Run()
}
