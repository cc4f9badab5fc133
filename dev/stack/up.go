package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/toygres/toygres/dev/stack/cache"
	"github.com/toygres/toygres/dev/stack/progress"
	"github.com/toygres/toygres/dev/stack/supervisor"
	"github.com/toygres/toygres/providers/kubernetes"
)

// up is the command up.
func up(ctx context.Context, c config, args []string) (err error) {
	if err := noArguments(args); err != nil {
		return err
	}
	p := progress.New(os.Stdout)
	if err := c.checkReach(); err != nil {
		return err
	}
	if err := c.prepare(); err != nil {
		return err
	}
	unlock, err := cache.Lock(ctx, c.path("run", "up.lock")) // one at a time
	if err != nil {
		return err
	}
	defer unlock()

	if err := c.keepProvider(); err != nil {
		return err
	}
	running, err := c.running()
	if err != nil {
		return err
	}
	if running {
		before, _, err := c.remembered()
		if err != nil {
			return err
		}
		if err := c.keepPorts(before); err != nil {
			return err
		}
		c.Data = before.Data
	} else if _, err := c.endStale(ctx, p); err != nil {
		return err
	} else if err := c.checkPorts(); err != nil { // before minutes of building
		return err
	}
	if err := c.build(ctx, p); err != nil {
		return err
	}
	if c.Provider == kubernetes.Name {
		if err := c.openCluster(ctx, p, running); err != nil {
			if !running {
				err = errors.Join(err, c.closeCluster(context.WithoutCancel(ctx), p))
			}
			return err
		}
	}
	if running {
		err = c.refresh(ctx, p)
	} else {
		err = c.start(ctx, p)
	}
	if err != nil {
		return err
	}
	demo, err := c.demo(ctx, p)
	if err != nil {
		return err
	}
	c.welcome(p, demo)
	return nil
}

// endStale ends what a killed supervisor left running, and tells whether there was anything.
func (c config) endStale(ctx context.Context, p *progress.Printer) (any bool, err error) {
	ended, err := supervisor.EndStale(ctx, c.stateFile())
	if len(ended) > 0 {
		p.Title("Ended what a killed supervisor had left: %s", strings.Join(ended, ", "))
	}
	return len(ended) > 0, err
}

// start starts the supervisor and waits until everything is ready. If that fails, or ctx is done, nothing is left.
func (c config) start(ctx context.Context, p *progress.Printer) error {
	p.Title("Starting Toygres")
	if err := c.write(); err != nil {
		return err
	}
	process, ended, err := c.spawnSupervisor()
	if err != nil {
		return err
	}
	err = c.await(ctx, p, func(s supervisor.State) bool { return s.Supervisor == process && s.Settled() }, ended)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		p.Title("Interrupted: stopping what was started")
	}
	stopErr := c.stopAll(context.WithoutCancel(ctx), p, false)
	return errors.Join(err, stopErr)
}

// refresh makes a running supervisor restart what has changed or failed, if anything has.
func (c config) refresh(ctx context.Context, p *progress.Printer) error {
	state, err := supervisor.ReadState(c.stateFile())
	if err != nil {
		return err
	}
	if err := c.write(); err != nil {
		return err
	}
	changed, err := c.changed(state)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		p.Title("Toygres is running, and nothing has changed")
		return c.await(ctx, p, allReady, nil)
	}
	p.Title("Toygres is running: restarting %s", strings.Join(changed, ", "))
	if err := syscall.Kill(state.Supervisor.PID, syscall.SIGHUP); err != nil {
		return err
	}
	return c.await(ctx, p, func(now supervisor.State) bool { return now.Reloads > state.Reloads && now.Settled() }, nil)
}

// changed names the parts whose program is another one than the one that was started, or that have failed.
func (c config) changed(state supervisor.State) (names []string, err error) {
	parts, err := c.parts()
	if err != nil {
		return nil, err
	}
	for i, part := range parts {
		program := part.Command().Path
		digest, err := supervisor.Digest(program)
		if err != nil {
			return nil, err
		}
		if i >= len(state.Parts) {
			break // the supervisor is of another version, see welcome
		}
		now := state.Parts[i]
		if now.Phase == supervisor.PartFailed || now.Executable != "" && (now.Executable != program || now.Digest != digest) {
			names = append(names, part.Name)
		}
	}
	return names, nil
}

func allReady(s supervisor.State) bool {
	for _, part := range s.Parts {
		if part.Phase != supervisor.PartReady && part.Phase != supervisor.PartDone && part.Phase != supervisor.PartFailed {
			return false
		}
	}
	return s.Settled()
}

// patience is how long one part may keep up waiting; the supervisor's own time-outs are shorter.
const patience = 3 * time.Minute

// await follows the supervisor's state until settled says that it is over, or the supervisor has ended. A part that
// failed makes it an error.
func (c config) await(ctx context.Context, p *progress.Printer, settled func(supervisor.State) bool, ended <-chan struct{}) error {
	before, err := supervisor.ReadState(c.stateFile())
	if err != nil {
		return err
	}
	news := newNews(p, before)
	for {
		gone := false
		select {
		case <-ended:
			gone = true // the state it wrote last is still to be read
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		state, err := supervisor.ReadState(c.stateFile())
		if err != nil {
			return err
		}
		news.tell(state)
		if settled(state) {
			return c.verdict(state)
		}
		if gone {
			return fmt.Errorf("the supervisor ended unexpectedly; log: %s", shown(c.supervisorLog()))
		}
		if news.silence() > patience {
			return fmt.Errorf("nothing has happened for %s; log: %s", patience, shown(c.supervisorLog()))
		}
	}
}

// news tells which parts have become ready, and which one is waited for.
type news struct {
	p     *progress.Printer
	told  map[string]time.Time // since when each part is in the phase that was told
	last  time.Time            // when something was told
	beats int                  // how often we have said that we wait, since then
}

func newNews(p *progress.Printer, before supervisor.State) *news {
	n := &news{p: p, told: map[string]time.Time{}, last: time.Now()}
	for _, part := range before.Parts {
		n.told[part.Name] = part.Since
	}
	return n
}

func (n *news) silence() time.Duration { return time.Since(n.last) }

func (n *news) tell(state supervisor.State) {
	for _, part := range state.Parts {
		if part.Phase != supervisor.PartReady && part.Phase != supervisor.PartDone || part.Since.Equal(n.told[part.Name]) {
			continue
		}
		n.p.Line(part.Name, "%s in %s", part.Phase, progress.Seconds(part.StartupTime))
		n.told[part.Name], n.last, n.beats = part.Since, time.Now(), 0
	}
	if beats := int(n.silence() / (5 * time.Second)); beats > n.beats {
		n.beats = beats
		for _, part := range state.Parts {
			if part.Phase == supervisor.PartStarting || part.Phase == supervisor.PartDied {
				n.p.Line(part.Name, "waiting for it … %s", progress.Seconds(n.silence()))
				return
			}
		}
	}
}

// verdict is an error if a part has failed.
func (c config) verdict(state supervisor.State) error {
	for _, part := range state.Parts {
		if part.Phase == supervisor.PartFailed {
			return fmt.Errorf("%s failed: %s; log: %s", part.Name, part.Error, shown(part.Log))
		}
	}
	if state.Phase != supervisor.Running {
		return fmt.Errorf("Toygres is %s: %s; log: %s", state.Phase, state.Error, shown(c.supervisorLog()))
	}
	return nil
}

// welcome tells where everything is.
func (c config) welcome(p *progress.Printer, demo string) {
	fmt.Printf("\nToygres is up (%s).\n\n", progress.Seconds(p.Elapsed()))
	lines := [][2]string{
		{"web UI", c.apiURL() + " (user admin, password in " + shown(c.adminPasswordFile()) + ")"},
		{"API docs", c.apiURL() + "/api/docs"},
		{"Temporal Web", c.temporalUIURL()},
		{"logs", shown(c.logs())},
		{demoName, demo},
	}
	if c.Provider == kubernetes.Name {
		lines = append(lines, [2]string{"instances", c.Cluster.where()})
	}
	for _, line := range lines {
		fmt.Printf("  %-14s %s\n", line[0], line[1])
	}
	toygres := shown(c.bin("toygres"))
	fmt.Printf("\nNext: %s create mydb --wait, %s psql mydb; make down stops everything and keeps the data.\n", toygres, toygres)
	if c.supervisorIsOld() {
		fmt.Printf("The supervisor itself is of an older build; make down && make up renews it.\n")
	}
}

func (c config) supervisorIsOld() bool {
	state, err := supervisor.ReadState(c.stateFile())
	if err != nil {
		return false
	}
	running, err := supervisor.Digest(filepath.Join("/proc", fmt.Sprint(state.Supervisor.PID), "exe"))
	if err != nil {
		return false
	}
	self, err := supervisor.Digest("/proc/self/exe")
	return err == nil && self != running
}
