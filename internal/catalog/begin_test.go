package catalog_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// Every pair of states, by each of the three ways to change one.
func TestOnlyTheDomainsTransitionsHappen(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	plain := running(t, s, owner, "plain").ID
	busy := create(t, s, owner, "busy")
	put := func(id toygres.InstanceID, state toygres.State) {
		exec(t, pool, `UPDATE instances SET state = $2 WHERE id = $1`, id, state)
	}
	stateOf := func(id toygres.InstanceID) toygres.State {
		instance, err := s.InstanceByID(ctx, id)
		require.NoError(t, err)
		return instance.State
	}

	for _, from := range toygres.States() {
		for _, to := range toygres.States() {
			name := fmt.Sprintf("%s to %s", from, to)
			events := count(t, pool, `SELECT count(*) FROM events WHERE type = 'instance.state'`)
			put(plain, from)
			changed := s.ChangeState(ctx, catalog.StateChange{Instance: plain, From: from, To: to})

			put(busy.Instance.ID, from)
			exec(t, pool, `UPDATE operations SET state = 'running', ended_at = NULL WHERE id = $1`, busy.Operation.ID)
			finished := s.FinishOperation(ctx, toygres.Outcome{Operation: busy.Operation.ID,
				State: toygres.OperationFailed, InstanceState: to})

			now := count(t, pool, `SELECT count(*) FROM events WHERE type = 'instance.state'`)
			if from.CanBecome(to) {
				require.NoError(t, changed, name)
				require.NoError(t, finished, name)
				require.Equal(t, []toygres.State{to, to}, []toygres.State{stateOf(plain), stateOf(busy.Instance.ID)}, name)
				require.Equal(t, events+2, now, name)
				continue
			}
			requireCode(t, toygres.CodeConflict, changed)
			requireCode(t, toygres.CodeConflict, finished)
			require.Equal(t, []toygres.State{from, from}, []toygres.State{stateOf(plain), stateOf(busy.Instance.ID)}, name)
			require.Equal(t, events, now, name)
		}
	}
}

func TestBeginFollowsTheState(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	during := map[toygres.Kind]toygres.State{toygres.KindDelete: toygres.StateDeleting,
		toygres.KindStop: toygres.StateStopping, toygres.KindStart: toygres.StateStarting, toygres.KindRestart: toygres.StateRestarting}
	needless := map[toygres.Kind]toygres.State{toygres.KindStop: toygres.StateStopped, toygres.KindStart: toygres.StateRunning}
	id := running(t, s, owner, "mydb").ID

	for kind, next := range during {
		for _, from := range toygres.States() {
			exec(t, pool, `UPDATE instances SET state = $2 WHERE id = $1`, id, from)
			begun, err := s.Begin(ctx, "mydb", kind, owner)
			switch {
			case from == toygres.StateDeleted:
				requireCode(t, toygres.CodeNotFound, err)
			case from.CanBecome(next) && (from != toygres.StateTrashed || kind == toygres.KindDelete):
				require.NoError(t, err, "%s while %s", kind, from)
				require.Equal(t, from, begun.Previous)
				require.Equal(t, next, begun.Instance.State)
				require.Equal(t, begun.Operation.ID, begun.Instance.Operation)
				stored, err := s.Operation(ctx, begun.Operation.ID)
				require.NoError(t, err)
				require.Equal(t, begun.Operation, stored)
				instance, err := s.Instance(ctx, "mydb")
				require.NoError(t, err)
				require.Equal(t, begun.Instance, instance)
				require.NoError(t, s.Abandon(ctx, begun.Operation.ID))
				require.NoError(t, s.Abandon(ctx, begun.Operation.ID), "once more")
				instance, err = s.Instance(ctx, "mydb")
				require.NoError(t, err)
				require.Equal(t, from, instance.State, "abandoned: as it was")
				require.Empty(t, instance.Operation)
			case from == needless[kind]:
				require.NoError(t, err, "%s while %s", kind, from)
				require.Empty(t, begun.Operation.ID, "nothing to do")
				require.Equal(t, from, begun.Instance.State)
			default:
				requireCode(t, toygres.CodeConflict, err)
				require.Contains(t, toygres.MessageOf(err), from)
			}
		}
	}
	_, err := s.Begin(ctx, "nothere", toygres.KindStop, owner)
	requireCode(t, toygres.CodeNotFound, err)
	_, err = s.Begin(ctx, "mydb", toygres.KindCreate, owner)
	requireCode(t, toygres.CodeInternal, err)
}

func TestConflictNamesTheOperationInProgress(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := newUser(t, s, "ann")
	running(t, s, owner, "mydb")
	stop, err := s.Begin(t.Context(), "mydb", toygres.KindStop, owner)
	require.NoError(t, err)
	for _, kind := range []toygres.Kind{toygres.KindStop, toygres.KindStart, toygres.KindRestart, toygres.KindDelete} {
		_, err = s.Begin(t.Context(), "mydb", kind, owner)
		requireCode(t, toygres.CodeConflict, err)
		var conflict *toygres.Error
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, stop.Operation.ID, conflict.Operation)
		require.Contains(t, conflict.Message, string(stop.Operation.ID))
	}
}

func TestOfManyAtOnceOneBegins(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	owner := newUser(t, s, "ann")
	for round := range 10 {
		name := fmt.Sprintf("db-%d", round)
		running(t, s, owner, name)
		var winners atomic.Int32
		var group errgroup.Group
		for n := range 12 {
			kind := []toygres.Kind{toygres.KindStop, toygres.KindDelete}[n%2]
			group.Go(func() error {
				_, err := s.Begin(t.Context(), name, kind, owner)
				if err == nil {
					winners.Add(1)
				} else if toygres.CodeOf(err) != toygres.CodeConflict {
					return err
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		require.EqualValues(t, 1, winners.Load())
		require.Equal(t, 1, count(t, sql(t, url),
			`SELECT count(*) FROM operations o JOIN instances i ON i.id = o.instance_id WHERE i.name = $1 AND o.state = 'pending'`, name))
	}
}

func TestBegunOperationIsNotAbandoned(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	creation := create(t, s, owner, "young")
	require.NoError(t, s.StartOperation(ctx, creation.Operation.ID, "run"))
	requireCode(t, toygres.CodeConflict, s.AbandonCreate(ctx, creation.Operation.ID))

	running(t, s, owner, "old")
	deletion, err := s.Begin(ctx, "old", toygres.KindDelete, owner)
	require.NoError(t, err)
	require.NoError(t, s.StartOperation(ctx, deletion.Operation.ID, "run"))
	requireCode(t, toygres.CodeConflict, s.Abandon(ctx, deletion.Operation.ID))
	requireCode(t, toygres.CodeConflict, s.Abandon(ctx, creation.Operation.ID))
	requireCode(t, toygres.CodeNotFound, s.Abandon(ctx, "'; --"))
}
