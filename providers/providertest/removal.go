package providertest

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
)

func deleteLeavesNothing(t *testing.T, w *world) {
	id := w.provision()
	endpoint, credentials := w.observe(id).Endpoint, w.credentials(id)
	w.connect(id) // an open connection must not hold it up
	require.NoError(t, w.p.Delete(w.ctx, id))
	w.requireGone(id)
	_, err := w.tryConnect(endpoint, credentials)
	require.Error(t, err, "a deleted instance lets clients in")

	// The id is free again, and what comes is new.
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	w.await(id, toygres.PhaseReady)
	require.NotEqual(t, credentials.Password, w.credentials(id).Password)
}

func deleteWhileProvisioning(t *testing.T, w *world) {
	id, spec := w.newID(), w.spec()
	provisioned := make(chan error, 1)
	go func() { provisioned <- w.p.Provision(w.ctx, id, spec) }()
	w.awaitExistence(id)
	require.NoError(t, w.p.Delete(w.ctx, id))
	if err := <-provisioned; err != nil { // it may notice, or have been faster
		require.NotEqual(t, toygres.CodeInternal, toygres.CodeOf(err), "%v", err)
	}
	require.NoError(t, w.p.Delete(w.ctx, id))
	w.requireGone(id)
}

func deleteWhileStarting(t *testing.T, w *world) {
	id := w.newID()
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	require.NoError(t, w.p.Delete(w.ctx, id))
	w.requireGone(id)
}

func deleteWhileStopped(t *testing.T, w *world) {
	id := w.provision()
	require.NoError(t, w.p.Stop(w.ctx, id))
	w.await(id, toygres.PhaseStopped)
	require.NoError(t, w.p.Delete(w.ctx, id))
	w.requireGone(id)
}

// cancelProvision begins to provision and cancels that as soon as something
// of the instance exists.
func (w *world) cancelProvision(id toygres.InstanceID) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	spec := w.spec()
	done := make(chan error, 1)
	go func() { done <- w.p.Provision(ctx, id, spec) }()
	w.awaitExistence(id)
	cancel()
	if err := <-done; err != nil { // it may have been faster
		require.ErrorIs(w, err, context.Canceled)
	}
}

// awaitExistence waits until the provider shows anything of the instance.
func (w *world) awaitExistence(id toygres.InstanceID) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	changes, err := w.p.Watch(ctx)
	require.NoError(w, err)
	for changed := range changes {
		if changed == id {
			return
		}
	}
	w.Fatal("the instance never appeared")
}

func cancelledProvisionCanBeFinished(t *testing.T, w *world) {
	id := w.newID()
	w.cancelProvision(id)
	require.NoError(t, w.p.Provision(w.ctx, id, w.spec()))
	w.await(id, toygres.PhaseReady)
	w.connect(id)
}

func cancelledProvisionCanBeDeleted(t *testing.T, w *world) {
	id := w.newID()
	w.cancelProvision(id)
	require.NoError(t, w.p.Delete(w.ctx, id))
	w.requireGone(id)
}

func unknownInstances(t *testing.T, w *world) {
	for _, id := range []toygres.InstanceID{toygres.InstanceID(uuid.NewString()), "", "no-uuid", "../../etc", "a/b"} {
		require.Equal(t, toygres.PhaseAbsent, w.observe(id).Phase, "%q", id)
		require.NoError(t, w.p.Delete(w.ctx, id), "%q", id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(w.p.Start(w.ctx, id)), "%q", id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(w.p.Stop(w.ctx, id)), "%q", id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(w.p.Restart(w.ctx, id, "request")), "%q", id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(w.p.Resize(w.ctx, id, w.spec().Size())), "%q", id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(w.p.RotatePassword(w.ctx, id, "request")), "%q", id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(w.p.Configure(w.ctx, id, toygres.Configuration{})), "%q", id)
		_, err := w.p.Credentials(w.ctx, id)
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(err), "%q", id)
		_, err = w.p.Logs(w.ctx, id, toygres.LogOptions{})
		require.Equal(t, toygres.CodeNotFound, toygres.CodeOf(err), "%q", id)
		require.False(t, w.listed(id), "%q", id)
	}
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(w.p.Provision(w.ctx, "../elsewhere", w.spec())))
}

func unsupportedVersions(t *testing.T, w *world) {
	for _, version := range []int{-1, 0, 9, 14, 19, 1000} {
		id, spec := toygres.InstanceID(uuid.NewString()), w.spec()
		spec.Version = version
		err := w.p.Provision(w.ctx, id, spec)
		require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err), "version %d: %v", version, err)
		require.NotEmpty(t, toygres.MessageOf(err))
		w.requireGone(id)
	}
}
