package catalog_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

var fewTries = catalog.SignInLimits{PerUser: 3, PerAddress: 100}

func TestLockGrowsWithEachFailureAndIsSharedAndOutlivesARestart(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool := t.Context(), sql(t, url)
	for range 3 {
		require.NoError(t, s.TakeSignIn(ctx, "Ada", "192.0.2.1", fewTries))
	}
	other, err := catalog.Open(ctx, url, catalog.Options{})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute} {
		err := other.TakeSignIn(ctx, "ada", "192.0.2.2", fewTries) // from elsewhere, by another server
		requireCode(t, toygres.CodeRateLimited, err)
		var known *toygres.Error
		require.ErrorAs(t, err, &known)
		require.InDelta(t, want.Seconds(), known.RetryAfter.Seconds(), 5)
		exec(t, pool, `UPDATE sign_in_failures SET locked_until = now() WHERE kind = 'user'`) // time goes by
		require.NoError(t, other.TakeSignIn(ctx, "ada", "192.0.2.2", fewTries))
	}
	require.NoError(t, s.TakeSignIn(ctx, "bob", "192.0.2.1", fewTries), "another user is another matter")
	require.NoError(t, s.UnlockUser(ctx, "ADA"))
	require.NoError(t, s.TakeSignIn(ctx, "ada", "192.0.2.1", fewTries))
	require.Zero(t, count(t, pool, `SELECT count(*) FROM sign_in_failures WHERE encode(key, 'escape') LIKE '%ada%'`))
}

func TestGuessesAtOnceAreNotMoreThanAllowed(t *testing.T) {
	t.Parallel()
	s := open(t)
	var through atomic.Int32
	var all errgroup.Group
	for range 20 {
		all.Go(func() error {
			err := s.TakeSignIn(t.Context(), "ada", "192.0.2.1", fewTries)
			if toygres.CodeOf(err) == toygres.CodeRateLimited {
				return nil
			}
			through.Add(1)
			return err
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 3, through.Load())
}

func TestALockedAddressLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	limits := catalog.SignInLimits{PerUser: 2, PerAddress: 4}
	for i := range 4 {
		require.NoError(t, s.TakeSignIn(t.Context(), fmt.Sprint("user ", i), "192.0.2.1", limits))
	}
	for range 5 {
		requireCode(t, toygres.CodeRateLimited, s.TakeSignIn(t.Context(), "ada", "192.0.2.1", limits))
	}
	require.NoError(t, s.TakeSignIn(t.Context(), "ada", "192.0.2.2", limits))
	require.NoError(t, s.UnlockAddress(t.Context(), "192.0.2.1"))
	require.NoError(t, s.TakeSignIn(t.Context(), "bob", "192.0.2.1", limits))
}

func TestTheRightPasswordForgivesTheUserButNotTheAddress(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, limits := t.Context(), catalog.SignInLimits{PerUser: 3, PerAddress: 4}
	take := func(name string) error { return s.TakeSignIn(ctx, name, "192.0.2.1", limits) }
	require.NoError(t, take("ada"))
	require.NoError(t, take("ada"))
	for range 5 { // whoever has an account himself gains nothing by it
		require.NoError(t, take("mallory"))
		require.NoError(t, s.ReturnSignIn(ctx, "mallory", "192.0.2.1", true))
	}
	require.NoError(t, take("ada"))
	require.NoError(t, s.ReturnSignIn(ctx, "ada", "192.0.2.1", true))
	require.NoError(t, take("ada"))
	require.NoError(t, take("ada"))
	requireCode(t, toygres.CodeRateLimited, take("mallory"))
}

func TestFailuresAreForgottenWithTime(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	pool := sql(t, url)
	for range 3 {
		require.NoError(t, s.TakeSignIn(t.Context(), "ada", "192.0.2.1", fewTries))
	}
	exec(t, pool, `UPDATE sign_in_failures SET failed_at = now() - interval '125 minutes', locked_until = now()`)
	require.NoError(t, s.TakeSignIn(t.Context(), "ada", "192.0.2.1", fewTries)) // the second
	require.NoError(t, s.TakeSignIn(t.Context(), "ada", "192.0.2.1", fewTries)) // the third
	requireCode(t, toygres.CodeRateLimited, s.TakeSignIn(t.Context(), "ada", "192.0.2.1", fewTries))
}
