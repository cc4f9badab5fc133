package memory

import (
	"context"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// Configured is the configuration that an update asks for. One of its
// parameters needs a restart.
var Configured = toygres.Configuration{
	Parameters:   map[string]string{"work_mem": "64MB", needsRestart: "200"},
	AllowedCIDRs: []string{"192.0.2.0/24"},
}

const needsRestart = "max_connections"

// AlsoBigger makes it an update that asks for another size, too.
func (w *World) AlsoBigger() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.operation.Size = Bigger
}

// OnlyBigger makes it an update that asks for another size alone.
func (w *World) OnlyBigger() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.operation.Size, w.operation.Configuration = Bigger, w.instance.Spec.Configuration()
}

// WithoutRestart makes it an update of which nothing needs a restart.
func (w *World) WithoutRestart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.operation.Configuration = toygres.Configuration{Parameters: map[string]string{"work_mem": "64MB"}}
}

// Configuration returns what is in the server's files, and how often the server
// has been started anew.
func (w *World) Configuration() (toygres.Configuration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files, w.restarts
}

// Configure changes the server's files.
func (w *World) Configure(ctx context.Context, _ toygres.InstanceID, to toygres.Configuration) error {
	if err := w.meet(ctx, AtConfigure); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = to
	return nil
}

// Restart starts the server anew, with which it is ready at once.
func (w *World) Restart(ctx context.Context, id toygres.InstanceID, _ string) error {
	if err := w.meet(ctx, AtRestart); err != nil {
		return err
	}
	w.anew()
	w.show(id, toygres.PhaseReady)
	return nil
}

func (w *World) anew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = w.files
	w.restarts++
}

// Load makes the server read its files.
func (w *World) Load(ctx context.Context, _ toygres.Endpoint, _ toygres.Credentials, _ activities.Loading) (activities.Loaded, error) {
	if err := w.meet(ctx, AtReload); err != nil {
		return activities.Loaded{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files.Parameters[needsRestart] != w.started.Parameters[needsRestart] {
		return activities.Loaded{Pending: []string{needsRestart}}, nil
	}
	return activities.Loaded{}, nil
}
