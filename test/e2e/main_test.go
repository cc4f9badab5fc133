package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/toygres/toygres/dev/stacktest"
)

// shared is the stack of all tests that do not disturb it.
var shared *stacktest.Stack

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	stack, err := stacktest.Up(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stack.Clean()
	shared = stack
	return m.Run()
}
