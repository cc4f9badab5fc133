package catalog_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// fill adds n running instances, db-00001 the oldest. All but their ids and
// names repeat, also their times, ten by ten.
func fill(t *testing.T, pool *pgxpool.Pool, owner toygres.UserID, n int) {
	t.Helper()
	exec(t, pool, `
		INSERT INTO instances (id, name, owner_id, version, cpu_millis, memory_mib, storage_gib, image_type, provider, state, created_at)
		SELECT gen_random_uuid(), 'db-' || to_char(n, 'FM00000'), $1, 15 + n % 4, 1000, 1024, 10, 'stock', 'local',
		       (ARRAY['running', 'stopped', 'failed'])[1 + n % 3], now() - interval '1 day' + (n / 10) * interval '1 second'
		FROM generate_series(1, $2) n`, owner, n)
	exec(t, pool, `ANALYZE`)
}

func names(instances []toygres.Instance) []string {
	list := make([]string, len(instances))
	for i, instance := range instances {
		list[i] = instance.Spec.Name
	}
	return list
}

func TestPagesShowEveryInstanceOnceWhateverComesOrGoes(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	fill(t, pool, owner, 95)
	seen := map[string]int{}
	filter := catalog.InstanceFilter{Limit: 7}
	last := time.Now()
	for page := 0; ; page++ {
		found, err := s.Instances(ctx, filter)
		require.NoError(t, err)
		for _, instance := range found.Instances {
			seen[instance.Spec.Name]++
			require.False(t, instance.CreatedAt.After(last), "newest first")
			last = instance.CreatedAt
		}
		if found.Next == "" {
			break
		}
		require.Len(t, found.Instances, 7)
		filter.Cursor = found.Next
		create(t, s, owner, fmt.Sprintf("late-%d", page)) // newer than what is left
		gone := found.Instances[6]                        // where the next page starts
		exec(t, pool, `UPDATE instances SET state = 'deleted' WHERE id = $1`, gone.ID)
	}
	require.Len(t, seen, 95)
	for name, times := range seen {
		require.Equal(t, 1, times, name)
	}
}

func TestListsAreFiltered(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	fill(t, pool, owner, 300)
	list := func(f catalog.InstanceFilter) []toygres.Instance {
		page, err := s.Instances(ctx, f)
		require.NoError(t, err)
		return page.Instances
	}
	require.Len(t, list(catalog.InstanceFilter{}), 50)
	require.Len(t, list(catalog.InstanceFilter{Limit: 1000}), 200)
	require.Equal(t, []string{"db-00123"}, names(list(catalog.InstanceFilter{Search: "00123"})))
	require.Equal(t, []string{"db-00123"}, names(list(catalog.InstanceFilter{Search: "DB-00123"})))
	for _, instance := range list(catalog.InstanceFilter{States: []toygres.State{toygres.StateStopped, toygres.StateFailed}, Version: 17}) {
		require.Contains(t, []toygres.State{toygres.StateStopped, toygres.StateFailed}, instance.State)
		require.Equal(t, 17, instance.Spec.Version)
	}
	require.Len(t, list(catalog.InstanceFilter{States: []toygres.State{toygres.StateStopped}, Version: 17, Limit: 200}), 25)
	exec(t, pool, `UPDATE instances SET state = 'deleted' WHERE name = 'db-00123'`)
	require.Empty(t, list(catalog.InstanceFilter{Search: "00123"}))
	require.Empty(t, list(catalog.InstanceFilter{Search: "00123", States: []toygres.State{toygres.StateDeleted}}))
	counts, err := s.CountInstances(ctx)
	require.NoError(t, err)
	require.Equal(t, map[toygres.State]int{toygres.StateRunning: 99, toygres.StateStopped: 100, toygres.StateFailed: 100}, counts)
}

func TestListsAreFilteredByWhatPeopleSayOfInstances(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	fill(t, pool, owner, 6)
	exec(t, pool, `UPDATE instances SET tags = '{"team": "shop", "env": "prod"}', display_name = 'Orders, Production' WHERE name = 'db-00001'`)
	exec(t, pool, `UPDATE instances SET tags = '{"team": "shop"}', health = 'unhealthy' WHERE name = 'db-00002'`)
	exec(t, pool, `UPDATE instances SET tags = '{"team": ""}', public = true WHERE name = 'db-00003'`)
	yes := true
	for _, c := range []struct {
		filter catalog.InstanceFilter
		want   []string
	}{
		{catalog.InstanceFilter{Tags: []string{"team"}}, []string{"db-00001", "db-00002", "db-00003"}},
		{catalog.InstanceFilter{Tags: []string{"team=shop"}}, []string{"db-00001", "db-00002"}},
		{catalog.InstanceFilter{Tags: []string{"team=shop", "env"}}, []string{"db-00001"}},
		{catalog.InstanceFilter{Tags: []string{"team="}}, []string{"db-00003"}},
		{catalog.InstanceFilter{Tags: []string{"team=shop", "team=other"}}, []string{}},
		{catalog.InstanceFilter{Tags: []string{"'); DROP TABLE instances; --"}}, []string{}},
		{catalog.InstanceFilter{Health: toygres.HealthUnhealthy}, []string{"db-00002"}},
		{catalog.InstanceFilter{Public: &yes}, []string{"db-00003"}},
		{catalog.InstanceFilter{Public: &yes, Tags: []string{"team=shop"}}, []string{}},
		{catalog.InstanceFilter{Search: "orders, prod"}, []string{"db-00001"}},
	} {
		c.filter.Sort = "name"
		page, err := s.Instances(ctx, c.filter)
		require.NoError(t, err)
		require.Equal(t, c.want, names(page.Instances), c.filter)
	}
}

func TestEveryOrderIsPagedWithoutGapsOrRepeats(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	fill(t, pool, owner, 60)
	exec(t, pool, `UPDATE instances SET storage_gib = 1 + substr(name, 4)::int % 7`)
	for key, value := range map[string]func(toygres.Instance) string{
		"created_at":  func(i toygres.Instance) string { return i.CreatedAt.UTC().Format(time.RFC3339Nano) },
		"name":        func(i toygres.Instance) string { return i.Spec.Name },
		"state":       func(i toygres.Instance) string { return string(i.State) },
		"version":     func(i toygres.Instance) string { return fmt.Sprint(i.Spec.Version) },
		"storage_gib": func(i toygres.Instance) string { return fmt.Sprint(i.Spec.StorageGiB) },
	} {
		for _, sort := range []string{key, "-" + key} {
			filter := catalog.InstanceFilter{Sort: sort, Limit: 7}
			var all []toygres.Instance
			for {
				page, err := s.Instances(ctx, filter)
				require.NoError(t, err, sort)
				all = append(all, page.Instances...)
				if filter.Cursor = page.Next; page.Next == "" {
					break
				}
			}
			require.ElementsMatch(t, slices.Compact(slices.Sorted(slices.Values(names(all)))), names(all), sort)
			require.Len(t, all, 60, sort)
			require.True(t, slices.IsSortedFunc(all, func(a, b toygres.Instance) int {
				if sort != key {
					a, b = b, a
				}
				return strings.Compare(value(a), value(b))
			}), "%s: %v", sort, names(all))
		}
	}
	byName, err := s.Instances(ctx, catalog.InstanceFilter{Sort: "name", Limit: 1})
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(byName.Next)
	require.NoError(t, err)
	for _, other := range []catalog.InstanceFilter{
		{Cursor: byName.Next}, {Sort: "-name", Cursor: byName.Next}, {Sort: "version", Cursor: byName.Next},
		{Sort: "name", Cursor: byName.Next[1:]}, {Sort: "name", Cursor: base64.RawURLEncoding.EncodeToString(append(raw, 0))},
		{Sort: "name", Cursor: base64.RawURLEncoding.EncodeToString(append(raw, 0xff))}, {Sort: "owner_id"}, {Sort: "--name"},
	} {
		_, err := s.Instances(ctx, other)
		requireCode(t, toygres.CodeInvalid, err)
	}
}

var hostile = []string{"%", "_", "\\", "'", `"`, "''", "' OR 1=1 --", "'; DROP TABLE instances; --", "db-_0001", "db%1", "$1",
	"\\%", "<script>", "../../etc", "日本", "\u202e", "\n", strings.Repeat("x", 100_000)}

func TestHostileTextIsTakenLiterally(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	fill(t, sql(t, url), owner, 20)
	for _, text := range hostile {
		page, err := s.Instances(ctx, catalog.InstanceFilter{Search: text})
		require.NoError(t, err)
		require.Empty(t, page.Instances, text)
		_, err = s.Instance(ctx, text)
		requireCode(t, toygres.CodeNotFound, err)
		_, err = s.InstanceByID(ctx, toygres.InstanceID(text))
		requireCode(t, toygres.CodeNotFound, err)
		_, err = s.Operation(ctx, toygres.OperationID(text))
		requireCode(t, toygres.CodeNotFound, err)
		_, err = s.Begin(ctx, text, toygres.KindDelete, owner)
		requireCode(t, toygres.CodeNotFound, err)
		_, err = s.BeginCreate(ctx, request(owner, text))
		requireCode(t, toygres.CodeInvalid, err)
		_, err = s.Instances(ctx, catalog.InstanceFilter{Cursor: text})
		requireCode(t, toygres.CodeInvalid, err)
		operations, err := s.Operations(ctx, catalog.OperationFilter{Instance: toygres.InstanceID(text), Kind: toygres.Kind(text)})
		require.NoError(t, err)
		require.Empty(t, operations.Operations)
	}
	for _, text := range []string{"\x00", "\xff", "db\x00"} { // what PostgreSQL can't hold
		_, err := s.Instance(ctx, text)
		requireCode(t, toygres.CodeInvalid, err)
	}
	_, err := s.Instances(ctx, catalog.InstanceFilter{Search: "db\x00"})
	requireCode(t, toygres.CodeInvalid, err)
	page, err := s.Instances(ctx, catalog.InstanceFilter{})
	require.NoError(t, err)
	require.Len(t, page.Instances, 20)
}

func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, owner := t.Context(), newUser(t, s, "ann")
	for _, name := range []string{"one", "two", "three"} {
		create(t, s, owner, name)
	}
	instances, err := s.Instances(ctx, catalog.InstanceFilter{Limit: 1})
	require.NoError(t, err)
	operations, err := s.Operations(ctx, catalog.OperationFilter{Limit: 1})
	require.NoError(t, err)
	bad := []string{operations.Next, instances.Next + "A", instances.Next[1:], "AAAA",
		base64.RawURLEncoding.EncodeToString(append([]byte("i"), make([]byte, 24)...)),
		base64.RawURLEncoding.EncodeToString([]byte("i" + strings.Repeat("\xff", 24))),
		base64.RawURLEncoding.EncodeToString([]byte("i" + strings.Repeat("\x7f", 24)))}
	for _, cursor := range bad {
		_, err := s.Instances(ctx, catalog.InstanceFilter{Cursor: cursor})
		requireCode(t, toygres.CodeInvalid, err)
		var invalid *toygres.Error
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "cursor", invalid.Fields[0].Field)
	}
	_, err = s.Operations(ctx, catalog.OperationFilter{Cursor: instances.Next})
	requireCode(t, toygres.CodeInvalid, err)
}

func TestOperationsAreListedWithTheirSteps(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	var want []toygres.OperationID
	for n := range 9 {
		instance := running(t, s, owner, fmt.Sprintf("db-%d", n))
		begun, err := s.Begin(ctx, instance.Spec.Name, toygres.KindDelete, owner)
		require.NoError(t, err)
		want = append([]toygres.OperationID{begun.Operation.ID}, want...)
	}
	var got []toygres.OperationID
	filter := catalog.OperationFilter{Kind: toygres.KindDelete, Limit: 2}
	for {
		page, err := s.Operations(ctx, filter)
		require.NoError(t, err)
		for _, o := range page.Operations {
			steps := []toygres.StepName{o.Steps[0].Name, o.Steps[1].Name}
			require.Equal(t, toygres.PlannedSteps(toygres.KindDelete), steps)
			got = append(got, o.ID)
		}
		if filter.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	require.Equal(t, want, got)
	one, err := s.Instance(ctx, "db-3")
	require.NoError(t, err)
	ofOne, err := s.Operations(ctx, catalog.OperationFilter{Instance: one.ID})
	require.NoError(t, err)
	require.Len(t, ofOne.Operations, 2)
	exec(t, pool, `UPDATE instances SET state = 'deleted' WHERE name = 'db-3'`)
	byName, err := s.Operations(ctx, catalog.OperationFilter{InstanceName: "db-3",
		States: []toygres.OperationState{toygres.OperationSucceeded, toygres.OperationPending}})
	require.NoError(t, err)
	require.Equal(t, ofOne, byName, "also of an instance that is gone")
	succeeded, err := s.Operations(ctx, catalog.OperationFilter{States: []toygres.OperationState{toygres.OperationSucceeded}})
	require.NoError(t, err)
	require.Len(t, succeeded.Operations, 9)

	// What a sweep looks for.
	exec(t, pool, `UPDATE operations SET created_at = now() - interval '1 minute' WHERE id = $1`, want[0])
	running(t, s, owner, "stopping")
	_, err = s.Begin(ctx, "stopping", toygres.KindStop, owner)
	require.NoError(t, err)
	exec(t, pool, `UPDATE operations SET created_at = now() - interval '1 minute' WHERE kind = 'stop'`)
	pending, err := s.PendingOperations(ctx, 30*time.Second)
	require.NoError(t, err)
	require.Len(t, pending, 1)
	require.Equal(t, want[0], pending[0].ID)
	require.NoError(t, s.StartOperation(ctx, want[1], "run"))
	inProgress, err := s.RunningOperations(ctx)
	require.NoError(t, err)
	require.Len(t, inProgress, 1)
	require.Equal(t, want[1], inProgress[0].ID)
	unsettled, err := s.Unsettled(ctx)
	require.NoError(t, err)
	require.Len(t, unsettled, 1)
	require.Equal(t, toygres.KindStop, unsettled[0].Operation.Kind)
	require.Equal(t, unsettled[0].Instance.ID, unsettled[0].Operation.InstanceID)
}

// A page must not cost more the more instances there are, however deep it is.
func TestPagesAreReadAlongAnIndex(t *testing.T) {
	t.Parallel()
	s, url := openURL(t)
	ctx, pool, owner := t.Context(), sql(t, url), newUser(t, s, "ann")
	fill(t, pool, owner, 10_000)
	exec(t, pool, `ALTER DATABASE `+pool.Config().ConnConfig.Database+` SET plan_cache_mode = force_generic_plan`)
	var cursor string
	for range 30 {
		page, err := s.Instances(ctx, catalog.InstanceFilter{Limit: 200, Cursor: cursor})
		require.NoError(t, err)
		cursor = page.Next
	}
	conn, err := pgx.Connect(ctx, url) // a new one, with the setting above
	require.NoError(t, err)
	defer conn.Close(ctx)
	for _, filter := range []catalog.InstanceFilter{{}, {Cursor: cursor}} {
		statement, args, err := filter.SQL()
		require.NoError(t, err)
		rows, err := conn.Query(ctx, `EXPLAIN (ANALYZE, BUFFERS) `+statement, args...)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		plan := strings.Join(lines, "\n")
		require.Contains(t, plan, "instances_living_newest", plan)
		require.Contains(t, plan, "Index Cond: (ROW(created_at, id)", plan)
		require.NotContains(t, plan, "Seq Scan on instances", plan)
		require.NotContains(t, plan, "Sort", plan)
	}
}
