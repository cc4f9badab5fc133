package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

const instanceColumns = `i.id::text, i.name, i.version, i.cpu_millis, i.memory_mib, i.storage_gib, i.image_type,
       coalesce(i.source_id::text, ''), i.runtime_image, i.runtime_image_name, i.public, i.allowed_cidrs, i.parameters,
       i.display_name, i.description, i.tags, i.deletion_protection, i.monitored,
       i.owner_id::text, i.state, i.health, i.health_message, i.provider, i.endpoint_host, i.endpoint_port, i.server_version, i.message,
       coalesce(o.id::text, ''), i.purge_at, i.trashed_from, i.created_at, i.updated_at`

const fromInstances = `
FROM instances i LEFT JOIN operations o ON o.instance_id = i.id AND o.state IN ('pending', 'running')`

// InstanceSQL is the statement behind [Store.Instance]. $1 is the name.
const InstanceSQL = `SELECT ` + instanceColumns + fromInstances + `
WHERE i.name = $1 AND i.state <> 'deleted'`

const listed = `SELECT ` + instanceColumns + fromInstances + `
WHERE i.state <> 'deleted' AND (i.state = 'trashed' OR i.state = 'deleting' AND i.trashed_from <> '') = $1
  AND i.state = ANY ($2) AND ($3 = 0 OR i.version = $3)
  AND (strpos(i.name, $4) > 0 OR strpos(lower(i.display_name), $4) > 0)`

// InstanceFilter selects a page of instances. Zero fields select all.
type InstanceFilter struct {
	States  []toygres.State // any of them; deleted ones are never listed
	Trashed bool            // those in the trash, which are not among the others
	Version int             // PostgreSQL major
	Search  string          // part of the name or the display name, in whatever case
	Health  toygres.Health
	Public  *bool
	Tags    []string // all of them, each "name" or "name=value"
	Image   string   // name of the runtime image that they run
	Sort    string   // the API's word for it, such as "-name"; newest first when ""
	Cursor  string   // [InstancePage.Next] of the page before
	Limit   int      // rows; 50 when zero, at most 200
}

// SQL is the statement behind [Store.Instances] with its arguments. It asks for
// one row more than the limit, which tells whether there is a next page. Search
// compares literally: strpos knows no wildcards.
func (f InstanceFilter) SQL() (string, []any, error) {
	order, err := orderOf(f.Sort)
	if err != nil {
		return "", nil, err
	}
	states := f.States
	if len(states) == 0 {
		states = toygres.States()
	}
	q := statement{text: listed, args: []any{f.Trashed, states, f.Version, strings.ToLower(f.Search)}}
	if f.Health != "" {
		q.add(` AND i.health = ?`, f.Health)
	}
	if f.Public != nil {
		q.add(` AND i.public = ?`, *f.Public)
	}
	for _, tag := range f.Tags {
		if name, value, valued := strings.Cut(tag, "="); valued {
			q.add(` AND i.tags ->> ?::text = ?`, name, value)
		} else {
			q.add(` AND jsonb_exists(i.tags, ?)`, name)
		}
	}
	if f.Image != "" {
		q.add(` AND i.runtime_image_held = ?`, f.Image)
	}
	if err := order.page(&q, f.Cursor); err != nil {
		return "", nil, err
	}
	q.add(` LIMIT ?`, pageSize(f.Limit)+1)
	return q.text, q.args, nil
}

// statement is SQL in the making.
type statement struct {
	text string
	args []any
}

// add appends text, in which each ? stands for one of args.
func (s *statement) add(text string, args ...any) {
	for _, arg := range args {
		s.args = append(s.args, arg)
		text = strings.Replace(text, "?", fmt.Sprintf("$%d", len(s.args)), 1)
	}
	s.text += text
}

// InstancePage is a part of the list of instances.
type InstancePage struct {
	Instances []toygres.Instance
	Next      string // cursor of the next page; "" on the last
}

// Instance returns the living instance of that name.
func (s *Store) Instance(ctx context.Context, name string) (toygres.Instance, error) {
	instance, ok, err := one(ctx, s, ScanInstance, InstanceSQL, name)
	if err == nil && !ok {
		err = noInstance(name)
	}
	return instance, err
}

// InstanceByID returns an instance, also one that is deleted.
func (s *Store) InstanceByID(ctx context.Context, id toygres.InstanceID) (toygres.Instance, error) {
	if !isID(id) {
		return toygres.Instance{}, notFound("instance")
	}
	instance, ok, err := one(ctx, s, ScanInstance, `SELECT `+instanceColumns+fromInstances+` WHERE i.id = $1`, id)
	if err == nil && !ok {
		err = notFound("instance")
	}
	return instance, err
}

// Instances returns a page of the living instances, newest first unless asked otherwise.
func (s *Store) Instances(ctx context.Context, filter InstanceFilter) (InstancePage, error) {
	sql, args, err := filter.SQL()
	if err != nil {
		return InstancePage{}, err
	}
	found, err := collect(ctx, s, ScanInstance, sql, args...)
	if err != nil {
		return InstancePage{}, err
	}
	page := InstancePage{Instances: found}
	if size := pageSize(filter.Limit); len(found) > size {
		page.Instances = slices.Clip(found[:size])
		order, err := orderOf(filter.Sort)
		if err != nil {
			return InstancePage{}, err
		}
		page.Next = order.after(page.Instances[size-1])
	}
	return page, nil
}

// CountInstances returns how many instances are in each state that has any,
// without the deleted ones, for metrics.
func (s *Store) CountInstances(ctx context.Context) (map[toygres.State]int, error) {
	type count struct {
		state toygres.State
		n     int
	}
	counts, err := collect(ctx, s, func(row pgx.CollectableRow) (c count, err error) {
		return c, row.Scan(&c.state, &c.n)
	}, `SELECT state, count(*) FROM instances WHERE state <> 'deleted' GROUP BY state`)
	byState := make(map[toygres.State]int, len(counts))
	for _, c := range counts {
		byState[c.state] = c.n
	}
	return byState, err
}

// ScanInstance reads a row of [InstanceSQL] or [InstanceFilter.SQL].
func ScanInstance(row pgx.CollectableRow) (toygres.Instance, error) {
	var i toygres.Instance
	err := row.Scan(instanceTargets(&i)...)
	return i, err
}

// instanceTargets are where the instanceColumns go.
func instanceTargets(i *toygres.Instance) []any {
	return []any{&i.ID, &i.Spec.Name, &i.Spec.Version, &i.Spec.CPUMillis, &i.Spec.MemoryMiB, &i.Spec.StorageGiB,
		&i.Spec.ImageType, &i.Spec.Source, &i.Spec.RuntimeImage, &i.Spec.RuntimeImageName, &i.Spec.Public, &i.Spec.AllowedCIDRs, &i.Spec.Parameters,
		&i.DisplayName, &i.Description, &i.Tags, &i.DeletionProtection, &i.Monitored,
		&i.Owner, &i.State, &i.Health, &i.HealthMessage, &i.Provider, &i.Endpoint.Host, &i.Endpoint.Port,
		&i.ServerVersion, &i.Message, &i.Operation, (*zeronull.Timestamptz)(&i.PurgeAt), &i.TrashedFrom, &i.CreatedAt, &i.UpdatedAt}
}

func noInstance(name string) error {
	return toygres.Errorf(toygres.CodeNotFound, "there is no instance %q", name)
}
