package server

import (
	"fmt"
	"runtime/debug"
)

// panicError is a recovered panic with its stack, for the log.
type panicError struct {
	value any
	stack []byte
}

func newPanicError(value any) *panicError { return &panicError{value, debug.Stack()} }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }
