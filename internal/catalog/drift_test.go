package catalog_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

func TestFindingsLastUntilTheyAreNoLongerSeen(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	lost := running(t, s, newUser(t, s, "ann"), "lost")
	compare := func(c catalog.Comparison) toygres.DriftCheck {
		t.Helper()
		check, err := s.CheckDrift(ctx, 0, func(context.Context) (catalog.Comparison, error) { return c, nil })
		require.NoError(t, err)
		return check
	}
	findings := func(resolved bool) []toygres.Finding {
		t.Helper()
		page, err := s.Findings(ctx, catalog.FindingFilter{Resolved: resolved})
		require.NoError(t, err)
		return page.Findings
	}
	missing := toygres.Finding{Kind: toygres.DriftMissing, InstanceID: lost.ID, InstanceName: "lost", Message: "it is not there"}
	seen := catalog.Comparison{Findings: []toygres.Finding{missing}, Kinds: toygres.DriftKinds()}
	check := compare(seen)
	require.Equal(t, []int{1, 0}, []int{check.Found, check.Resolved})
	first := findings(false)
	require.Len(t, first, 1)
	require.Equal(t, "toygres delete lost --purge", first[0].Command())

	seen.Findings[0].Message = "it is still not there"
	require.Zero(t, compare(seen).Found, "it is the same one")
	again := findings(false)
	require.Len(t, again, 1)
	require.Equal(t, first[0].ID, again[0].ID)
	require.Equal(t, "it is still not there", again[0].Message)
	require.True(t, again[0].LastSeen.After(first[0].LastSeen))

	require.Zero(t, compare(catalog.Comparison{Kinds: []toygres.DriftKind{toygres.DriftSize}}).Resolved, "nobody has looked for it")
	require.Equal(t, 1, compare(catalog.Comparison{Kinds: toygres.DriftKinds()}).Resolved)
	require.Empty(t, findings(false))
	require.Len(t, findings(true), 1)
	require.Equal(t, 1, compare(seen).Found, "it is a new one")

	// Who repairs what was open resolves that; what was not is told all the same.
	leftover := toygres.Finding{Kind: toygres.DriftLeftover, InstanceID: lost.ID, InstanceName: "lost", Message: "a rest"}
	check = compare(catalog.Comparison{Repaired: []toygres.Finding{missing, leftover}})
	require.Equal(t, []int{1, 2}, []int{check.Found, check.Resolved})
	require.Empty(t, findings(false))
	require.Len(t, findings(true), 3)
	events, err := s.Events(ctx, catalog.EventFilter{Instance: lost.ID, Types: []toygres.EventType{toygres.EventDriftFound, toygres.EventDriftResolved}}, 0)
	require.NoError(t, err)
	var types []toygres.EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	require.Equal(t, []toygres.EventType{"drift.found", "drift.resolved", "drift.found", "drift.resolved", "drift.resolved"}, types)
}

func TestOneProcessComparesAtATimeWhenItIsDueOrAskedFor(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	var ran atomic.Int32
	counted := func(context.Context) (catalog.Comparison, error) {
		ran.Add(1)
		return catalog.Comparison{}, nil
	}
	var group errgroup.Group
	for range 6 {
		group.Go(func() error { _, err := s.CheckDrift(ctx, time.Hour, counted); return err })
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, ran.Load())

	asked, err := s.RequestDriftCheck(ctx, owner)
	require.NoError(t, err)
	same, err := s.RequestDriftCheck(ctx, owner)
	require.NoError(t, err)
	require.Equal(t, asked.ID, same.ID)
	held, release := make(chan struct{}), make(chan struct{})
	group.Go(func() error {
		_, err := s.CheckDrift(ctx, time.Hour, func(context.Context) (catalog.Comparison, error) {
			close(held)
			<-release
			return catalog.Comparison{}, errors.New("dsn: secret")
		})
		return err
	})
	<-held
	_, err = s.RequestDriftCheck(ctx, owner) // the one that goes on may have seen too little
	require.NoError(t, err)
	_, err = s.CheckDrift(ctx, 0, counted)
	require.NoError(t, err)
	require.EqualValues(t, 1, ran.Load(), "another one is at it")
	close(release)
	require.NoError(t, group.Wait())
	done, err := s.DriftCheck(ctx, asked.ID)
	require.NoError(t, err)
	require.False(t, done.EndedAt.IsZero())
	require.NotEmpty(t, done.Error)
	require.NotContains(t, done.Error, "secret")
	told, err := s.Events(ctx, catalog.EventFilter{Types: []toygres.EventType{toygres.EventDriftChecked}}, 0)
	require.NoError(t, err)
	require.Len(t, told, 1, "of the one that was asked for")
	require.Equal(t, owner, told[0].Actor)
	require.Equal(t, map[string]string{"found": "0", "resolved": "0"}, told[0].Data)

	// A process that was killed has lost its lock.
	exec(t, sql(t, url), `UPDATE drift_checks SET started_at = now(), ended_at = NULL WHERE started_at IS NULL`)
	_, err = s.CheckDrift(ctx, 0, counted)
	require.NoError(t, err)
	require.EqualValues(t, 2, ran.Load())
	require.Zero(t, count(t, sql(t, url), `SELECT count(*) FROM drift_checks WHERE ended_at IS NULL`))
}

// A new server must not be taken for the rest of the old one.
func TestACreateIsNotRetriedWhileItsRestIsRemoved(t *testing.T) {
	t.Parallel()
	s, ctx := open(t), t.Context()
	owner := newUser(t, s, "ann")
	first := create(t, s, owner, "mydb")
	fail(t, s, first.Operation.ID, toygres.StateFailed)
	require.NoError(t, s.WithLeftover(ctx, first.Instance.ID, func(i toygres.Instance) error {
		require.Equal(t, toygres.StateFailed, i.State)
		_, err := s.BeginRetry(ctx, first.Operation.ID, 0, owner)
		requireCode(t, toygres.CodeUnavailable, err)
		require.Contains(t, toygres.MessageOf(err), "is just being removed")
		return nil
	}))
	_, err := s.BeginRetry(ctx, first.Operation.ID, 0, owner)
	require.NoError(t, err)
}
