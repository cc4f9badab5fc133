package activities

import (
	"context"

	"github.com/toygres/toygres"
)

// Updates changes what is set of servers that exist.
type Updates struct {
	Servers     *Servers
	Connections *Connections

	// Load makes a server take up the configuration that is in its files, or
	// comes there. Nil is a real one; recorded histories and tests of workflows
	// have no server.
	Load func(context.Context, toygres.Endpoint, toygres.Credentials, Loading) (Loaded, error)
}

// ConfigureInput says which configuration to give.
type ConfigureInput struct {
	OperationID   toygres.OperationID
	InstanceID    toygres.InstanceID
	Configuration toygres.Configuration
}

// ConfigureResult says nothing yet.
type ConfigureResult struct{}

// Configure puts the configuration on its way to the server.
func (u *Updates) Configure(ctx context.Context, in ConfigureInput) (ConfigureResult, error) {
	step := u.step(in.OperationID, toygres.StepConfigure, bounded)
	return ConfigureResult{}, step.do(ctx, func(ctx context.Context) error {
		return u.Servers.Provider.Configure(ctx, in.InstanceID, in.Configuration)
	})
}

// ReloadInput says what a server is to take up.
type ReloadInput struct {
	OperationID   toygres.OperationID
	InstanceID    toygres.InstanceID
	Configuration toygres.Configuration
	Changed       []string // the parameters that are other than before
}

// ReloadResult is how the server came out of it.
type ReloadResult struct {
	Stopped  bool // it should not run, and takes it up when it starts
	Endpoint toygres.Endpoint
	Pending  []string // changed parameters that need a restart; all where the server has failed
}

// Reload makes the server take up its configuration, as far as that goes without
// a restart. A value that the server refuses is CodeInvalid.
func (u *Updates) Reload(ctx context.Context, in ReloadInput) (ReloadResult, error) {
	step := u.step(in.OperationID, toygres.StepReload, bounded)
	var result ReloadResult
	err := step.do(ctx, func(ctx context.Context) error {
		seen, err := u.Servers.await(ctx, in.InstanceID, settled, func(message string) { step.progress(ctx, message) })
		switch {
		case err != nil:
			return err
		case seen.Phase == toygres.PhaseFailed: // perhaps for what it had so far
			result = ReloadResult{Endpoint: seen.Endpoint, Pending: in.Changed}
			return nil
		case seen.Phase == toygres.PhaseAbsent:
			return vanished()
		case seen.Phase == toygres.PhaseStopped:
			result = ReloadResult{Stopped: true, Endpoint: seen.Endpoint}
			return nil
		}
		loaded, err := u.load(ctx, in.InstanceID, seen.Endpoint, Loading{in.Configuration.Mark(), in.Changed})
		if err != nil {
			return err
		}
		if err := loaded.refused(); err != nil {
			return err
		}
		result = ReloadResult{Endpoint: seen.Endpoint, Pending: loaded.Pending}
		return nil
	})
	return result, err
}

// RestartInput says what to restart.
type RestartInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
}

// RestartResult says nothing yet.
type RestartResult struct{}

// Restart starts the server anew, once for each operation.
func (u *Updates) Restart(ctx context.Context, in RestartInput) (RestartResult, error) {
	step := u.step(in.OperationID, toygres.StepRestart, bounded)
	return RestartResult{}, step.do(ctx, func(ctx context.Context) error {
		return u.Servers.Provider.Restart(ctx, in.InstanceID, string(in.OperationID))
	})
}

// UndoUpdateInput says what the server had, and what it was to have.
type UndoUpdateInput struct {
	OperationID toygres.OperationID
	InstanceID  toygres.InstanceID
	From, To    toygres.Settings
}

// UndoUpdate gives the server back the CPU, the memory and the configuration
// that it had, and waits until it is ready, or stopped. A server that fails even
// so is stopped: its data is there, and its user can start it when what is wrong
// was mended.
func (u *Updates) UndoUpdate(ctx context.Context, in UndoUpdateInput) (UndoResizeResult, error) {
	step := u.step(in.OperationID, toygres.StepUndo, stubborn)
	var result UndoResizeResult
	err := step.do(ctx, func(ctx context.Context) error {
		provider, id, was := u.Servers.Provider, in.InstanceID, in.From.Configuration
		configured := !was.Equal(in.To.Configuration)
		if configured {
			if err := provider.Configure(ctx, id, was); err != nil {
				return err
			}
		}
		if err := provider.Resize(ctx, id, toygres.Size{CPUMillis: in.From.Size.CPUMillis, MemoryMiB: in.From.Size.MemoryMiB}); err != nil {
			return err
		}
		if configured {
			if err := u.unload(ctx, in, step); err != nil {
				return err
			}
		}
		seen, failure, err := u.Servers.comeBack(ctx, id, step)
		if err != nil {
			return err
		}
		result = UndoResizeResult{Stopped: seen.Phase != toygres.PhaseReady, Endpoint: seen.Endpoint, Size: seen.Size, Failure: failure}
		return nil
	})
	return result, err
}

// unload makes the server take up the configuration that it had, with a restart
// where it has failed or that is needed.
func (u *Updates) unload(ctx context.Context, in UndoUpdateInput, step step) error {
	id, was := in.InstanceID, in.From.Configuration
	seen, err := u.Servers.await(ctx, id, settled, func(message string) { step.progress(ctx, message) })
	if err != nil || seen.Phase == toygres.PhaseStopped || seen.Phase == toygres.PhaseAbsent {
		return err
	}
	if seen.Phase == toygres.PhaseReady {
		loaded, err := u.load(ctx, id, seen.Endpoint, Loading{was.Mark(), was.Changed(in.To.Configuration)})
		if err != nil || len(loaded.Pending) == 0 {
			return err
		}
	}
	return u.Servers.Provider.Restart(ctx, id, string(in.OperationID)+"/undo")
}

func (u *Updates) load(ctx context.Context, id toygres.InstanceID, endpoint toygres.Endpoint, what Loading) (Loaded, error) {
	credentials, err := u.Connections.Credentials.Credentials(ctx, id)
	if err != nil {
		return Loaded{}, err
	}
	if u.Load != nil {
		return u.Load(ctx, endpoint, credentials, what)
	}
	return load(ctx, endpoint, credentials, what)
}

func (u *Updates) step(operation toygres.OperationID, name toygres.StepName, tries tries) step {
	return step{journal: u.Servers.Journal, operation: operation, name: name, tries: tries}
}
