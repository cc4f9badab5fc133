package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEntryIsFilledOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kind", "key")
	var fills atomic.Int32
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() {
			errs[i] = Entry(context.Background(), dir, func(_ context.Context, scratch string) error {
				fills.Add(1)
				return os.WriteFile(filepath.Join(scratch, "file"), []byte("whole"), 0o600)
			})
		})
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	require.EqualValues(t, 1, fills.Load())
	content, err := os.ReadFile(filepath.Join(dir, "file"))
	require.NoError(t, err)
	require.Equal(t, "whole", string(content))
}

func TestFailedFillLeavesNothingAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "key")
	broken := errors.New("broken")
	err := Entry(t.Context(), dir, func(_ context.Context, scratch string) error {
		require.NoError(t, os.WriteFile(filepath.Join(scratch, "half"), nil, 0o600))
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.NoDirExists(t, dir)
	require.NoError(t, Entry(t.Context(), dir, func(_ context.Context, scratch string) error {
		require.NoFileExists(t, filepath.Join(scratch, "half"))
		return nil
	}))
	require.DirExists(t, dir)
}

func TestWhatADeadProcessLeftIsCleared(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.MkdirAll(filepath.Join(dir+".partial", "rest"), 0o755))
	require.NoError(t, Entry(t.Context(), dir, func(context.Context, string) error { return nil }))
	require.NoDirExists(t, filepath.Join(dir, "rest"))
}

func TestWaitingForALockCanBeGivenUp(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), file)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Lock(ctx, file)
	require.ErrorIs(t, err, context.Canceled)
	unlock()
	unlock, err = Lock(t.Context(), file)
	require.NoError(t, err)
	unlock()
}
