package supervisor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Pace says how a part that dies is restarted.
type Pace struct {
	First   time.Duration // pause before the first restart; it doubles with every further one
	Longest time.Duration // but is never longer than this
	Healthy time.Duration // a part that has been ready for so long starts from the beginning again
	GiveUp  int           // restarts in a row that did not get it ready, after which the part is given up
}

// DefaultPace restarts at once and then ever more slowly, and gives up after about half a minute.
var DefaultPace = Pace{First: 200 * time.Millisecond, Longest: 10 * time.Second, Healthy: time.Second, GiveUp: 8}

func (p Pace) pause(failures int) time.Duration {
	pause := p.First
	for range failures - 1 {
		if pause *= 2; pause >= p.Longest {
			return p.Longest
		}
	}
	return pause
}

// runner runs one part.
type runner struct {
	part  Part
	pace  Pace
	state *stateFile
	log   *slog.Logger

	process Process
	logFrom int64         // where in the log the process's output begins
	exited  chan struct{} // closed when the process has ended
	exitErr error         // of the process, once it has ended

	stopKeeping context.CancelFunc // nil if the part is not kept running
	kept        chan struct{}      // closed when keep returns
}

// start runs the part until it is ready, or done, and then keeps it running until stop.
func (r *runner) start(ctx context.Context) error {
	if err := r.attempt(ctx); err != nil {
		r.report(func(p *PartState) { p.Phase, p.Error = PartFailed, err.Error() })
		return err
	}
	if r.part.Once {
		return nil
	}
	keeping, stop := context.WithCancel(context.Background())
	r.stopKeeping, r.kept = stop, make(chan struct{})
	go func() {
		defer close(r.kept)
		r.keep(keeping)
	}()
	return nil
}

// attempt starts the part once. If that fails, the part's process is gone.
func (r *runner) attempt(ctx context.Context) (err error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.part.StartTimeout)
	defer cancel()
	r.report(func(p *PartState) { p.Phase, p.Process, p.Error = PartStarting, Process{}, "" })
	if r.part.Prepare != nil {
		if err := r.part.Prepare(ctx); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	if err := r.run(); err != nil {
		return err
	}
	if err := r.await(ctx); err != nil {
		ended := r.ended()
		if err := r.end(context.WithoutCancel(ctx)); err != nil {
			r.log.Error("cannot end a part that is not ready", "part", r.part.Name, "error", err)
		}
		if ended && r.exitErr != nil {
			err = r.exitErr // says more than that it did not get ready
		}
		return r.withReason(err)
	}
	r.report(func(p *PartState) {
		p.Phase, p.StartupTime = PartReady, time.Since(began)
		if r.part.Once {
			p.Phase, p.Process = PartDone, Process{}
		}
	})
	return nil
}

// withReason adds what the part's log says about an error.
func (r *runner) withReason(err error) error {
	if line := reason(r.state.part(r.part.Name).Log, r.logFrom); line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	return err
}

// run starts the process.
func (r *runner) run() (err error) {
	cmd := r.part.Command()
	digest, err := Digest(cmd.Path)
	if err != nil {
		return err
	}
	log, from, err := openLog(r.state.part(r.part.Name).Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the process has its own
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	process, err := Identify(cmd.Process.Pid) // it stays in /proc until Wait is called, however fast it ends
	if err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	exited := make(chan struct{})
	r.process, r.logFrom, r.exited, r.exitErr = process, from, exited, nil
	go func() {
		r.exitErr = cmd.Wait()
		close(exited)
	}()
	r.report(func(p *PartState) { p.Process, p.Executable, p.Digest = process, cmd.Path, digest })
	return nil
}

// await returns when the process is ready, or done, or with an error if that will not happen.
func (r *runner) await(ctx context.Context) error {
	if r.part.Once {
		select {
		case <-r.exited:
			return r.exitErr
		case <-ctx.Done():
			return fmt.Errorf("not done after %v", r.part.StartTimeout)
		}
	}
	for {
		var notReady error
		if r.part.Ready != nil {
			notReady = r.part.Ready(ctx)
		}
		if r.ended() {
			return errors.New("it ended before it was ready")
		}
		if notReady == nil {
			return nil
		}
		select {
		case <-r.exited:
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", r.part.StartTimeout, notReady)
		}
	}
}

func (r *runner) ended() bool {
	select {
	case <-r.exited:
		return true
	default:
		return false
	}
}

// keep restarts the part whenever it dies, until ctx is done or it can't be started any more. What gets ready is never
// given up, however often it is killed.
func (r *runner) keep(ctx context.Context) {
	ready := time.Now()
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-r.exited:
		}
		if time.Since(ready) >= r.pace.Healthy {
			failures = 0
		}
		err := r.withReason(fmt.Errorf("it died: %s", exitReason(r.exitErr)))
		for starts := 0; err != nil; starts, err = starts+1, r.attempt(ctx) {
			if ctx.Err() != nil {
				return
			}
			failures++
			if starts == r.pace.GiveUp {
				r.log.Error("a part is given up", "part", r.part.Name, "error", err)
				r.report(func(p *PartState) { p.Phase, p.Process, p.Error = PartFailed, Process{}, err.Error() })
				return
			}
			pause := r.pace.pause(failures)
			r.log.Warn("a part died and will be restarted", "part", r.part.Name, "error", err, "pause", pause)
			r.report(func(p *PartState) { p.Phase, p.Process, p.Error = PartDied, Process{}, err.Error(); p.Restarts++ })
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
		ready = time.Now()
		r.log.Info("a part is ready again", "part", r.part.Name)
	}
}

func exitReason(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// stop ends the part and its keeping. What has failed stays failed.
func (r *runner) stop(ctx context.Context) error {
	if r.state.part(r.part.Name).Phase == PartWaiting {
		return nil // never started
	}
	if r.stopKeeping != nil {
		r.stopKeeping()
		<-r.kept
		r.stopKeeping = nil
	}
	err := r.end(ctx)
	r.report(func(p *PartState) {
		p.Process = Process{}
		if p.Phase != PartFailed && p.Phase != PartDone {
			p.Phase = PartStopped
		}
	})
	return err
}

func (r *runner) end(ctx context.Context) error {
	if r.exited == nil {
		return nil
	}
	if !r.ended() {
		if err := r.process.End(ctx, r.part.StopSignal, r.part.StopTimeout); err != nil {
			return err
		}
	}
	<-r.exited
	return nil
}

// report writes the part's new state. Nothing here depends on the file, so its failure only needs to be known.
func (r *runner) report(how func(*PartState)) {
	if err := r.state.changePart(r.part.Name, how); err != nil {
		r.log.Error("cannot write the state", "part", r.part.Name, "error", err)
	}
}

// Digest of a file's content.
func Digest(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
