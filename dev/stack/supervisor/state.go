package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Phase is what the supervisor as a whole is doing.
type Phase string

// The phases of a supervisor.
const (
	Starting Phase = "starting"
	Running  Phase = "running"
	Stopping Phase = "stopping"
	Stopped  Phase = "stopped"
	Failed   Phase = "failed" // a part could not be started, so everything was stopped
)

// PartPhase is what one part is doing.
type PartPhase string

// The phases of a part.
const (
	PartWaiting  PartPhase = "waiting"  // for the parts before it
	PartStarting PartPhase = "starting" // runs, but is not ready
	PartReady    PartPhase = "ready"
	PartDone     PartPhase = "done"    // ran once, with success
	PartDied     PartPhase = "died"    // will be restarted after a pause
	PartFailed   PartPhase = "failed"  // given up
	PartStopped  PartPhase = "stopped" // by us
)

// State is what the supervisor tells other processes.
type State struct {
	Supervisor Process     `json:"supervisor"`
	Phase      Phase       `json:"phase"`
	Error      string      `json:"error,omitempty"`
	Reloads    int         `json:"reloads"` // how many reloads have been carried out
	Parts      []PartState `json:"parts"`
}

// PartState is the state of one part.
type PartState struct {
	Name        string        `json:"name"`
	Phase       PartPhase     `json:"phase"`
	Process     Process       `json:"process,omitzero"`
	Since       time.Time     `json:"since"`                // when it came into this phase
	StartupTime time.Duration `json:"startup_time"`         // from start until ready or done, in nanoseconds
	Restarts    int           `json:"restarts"`             // because it died
	Error       string        `json:"error,omitempty"`      // why it is not ready
	Executable  string        `json:"executable,omitempty"` // path
	Digest      string        `json:"digest,omitempty"`     // of the executable that was started
	Log         string        `json:"log"`
	StopSignal  int           `json:"stop_signal"`
	StopTimeout time.Duration `json:"stop_timeout"` // in nanoseconds
}

// Settled tells whether the supervisor has done what it was last asked to, well or not.
func (s State) Settled() bool {
	return s.Phase == Running || s.Phase == Failed || s.Phase == Stopped
}

// ReadState reads the state file. There is none, and no error, if nothing was ever started.
func ReadState(file string) (State, error) {
	var s State
	content, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return State{Phase: Stopped}, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// EndStale ends the processes that a killed supervisor left behind, in reverse order, and says which.
func EndStale(ctx context.Context, file string) (ended []string, err error) {
	s, err := ReadState(file)
	if err != nil {
		return nil, err
	}
	for _, part := range slices.Backward(s.Parts) {
		if !part.Process.Alive() {
			continue
		}
		if err := part.Process.End(ctx, syscall.Signal(part.StopSignal), part.StopTimeout); err != nil {
			return ended, fmt.Errorf("end %s: %w", part.Name, err)
		}
		ended = append(ended, part.Name)
	}
	if s.Phase == Stopped || s.Phase == Failed {
		return ended, nil
	}
	s.Phase = Stopped
	return ended, s.write(file)
}

func (s State) write(file string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	fresh := file + ".new"
	if err := os.WriteFile(fresh, append(content, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}

// stateFile keeps the state and writes every change to the file at once.
type stateFile struct {
	mu    sync.Mutex
	file  string
	state State
}

func newStateFile(file string, parts []Part, logs string) (*stateFile, error) {
	self, err := Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	f := &stateFile{file: file, state: State{Supervisor: self, Phase: Starting}}
	for _, part := range parts {
		f.state.Parts = append(f.state.Parts, PartState{Name: part.Name, Phase: PartWaiting, Since: time.Now(),
			Log: filepath.Join(logs, part.Name+".log"), StopSignal: int(part.StopSignal), StopTimeout: part.StopTimeout})
	}
	return f, f.state.write(file)
}

func (f *stateFile) change(how func(*State)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	how(&f.state)
	return f.state.write(f.file)
}

func (f *stateFile) part(name string) PartState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state.Parts[f.index(name)]
}

func (f *stateFile) changePart(name string, how func(*PartState)) error {
	return f.change(func(s *State) {
		part := &s.Parts[f.index(name)]
		before := part.Phase
		how(part)
		if part.Phase != before {
			part.Since = time.Now()
		}
	})
}

func (f *stateFile) index(name string) int {
	return slices.IndexFunc(f.state.Parts, func(p PartState) bool { return p.Name == name })
}
