// Package supervisor runs the parts of the local stack: in order, each once the one before is ready; restarts one that
// dies; and stops them in reverse order. What it does can be read from a state file, so that other processes can follow
// it, and clean up after it if it is killed.
package supervisor

import (
	"context"
	"os/exec"
	"syscall"
	"time"
)

// Part is one program of the stack.
type Part struct {
	Name string

	// Prepare, if any, runs before every start.
	Prepare func(ctx context.Context) error

	// Command is the program. Its output goes to the part's log.
	Command func() *exec.Cmd

	// Once says that the program does something and ends, which must succeed before the next part starts.
	Once bool

	// Ready tries once whether a running part can be used. A part without it is ready as soon as it runs.
	Ready func(ctx context.Context) error

	StartTimeout time.Duration  // how long it may take to become ready, or to end if Once; default 60 s
	StopSignal   syscall.Signal // asks it to end gracefully; default SIGTERM
	StopTimeout  time.Duration  // how long it may take to do so before it is killed; default 20 s
}

func (p Part) withDefaults() Part {
	if p.StartTimeout == 0 {
		p.StartTimeout = time.Minute
	}
	if p.StopSignal == 0 {
		p.StopSignal = syscall.SIGTERM
	}
	if p.StopTimeout == 0 {
		p.StopTimeout = 20 * time.Second
	}
	return p
}
