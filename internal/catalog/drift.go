package catalog

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

const findingColumns = `id::text, kind, instance_id::text, instance_name, message, first_seen, last_seen, resolved_at`

func scanFinding(row pgx.CollectableRow) (toygres.Finding, error) {
	var f toygres.Finding
	err := row.Scan(&f.ID, &f.Kind, &f.InstanceID, &f.InstanceName, &f.Message, &f.FirstSeen, &f.LastSeen, (*zeronull.Timestamptz)(&f.ResolvedAt))
	return f, err
}

// FindingFilter selects a page of findings. Zero fields select all that are not
// resolved.
type FindingFilter struct {
	Kind     toygres.DriftKind
	Resolved bool   // those that are resolved, instead
	Cursor   string // [FindingPage.Next] of the page before
	Limit    int    // rows; 50 when zero, at most 200
}

// FindingPage is a part of the list of findings, newest first.
type FindingPage struct {
	Findings []toygres.Finding
	Next     string // cursor of the next page; "" on the last
}

// Findings returns a page of what does not agree.
func (s *Store) Findings(ctx context.Context, filter FindingFilter) (FindingPage, error) {
	seen, id, err := position(filter.Cursor, findingList)
	if err != nil {
		return FindingPage{}, err
	}
	where := conditions{}
	where.add("(first_seen, id) < (?, ?)", seen, id)
	where.add("(resolved_at IS NOT NULL) = ?", filter.Resolved)
	if filter.Kind != "" {
		where.add("kind = ?", filter.Kind)
	}
	size := pageSize(filter.Limit)
	found, err := collect(ctx, s, scanFinding, `SELECT `+findingColumns+` FROM drift_findings`+where.sql()+
		` ORDER BY first_seen DESC, id DESC LIMIT `+strconv.Itoa(size+1), where.args...)
	if err != nil {
		return FindingPage{}, err
	}
	page := FindingPage{Findings: found}
	if len(found) > size {
		page.Findings = found[:size]
		last := found[size-1]
		page.Next = cursor{last.FirstSeen, string(last.ID)}.encode(findingList)
	}
	return page, nil
}

// Finding returns one finding.
func (s *Store) Finding(ctx context.Context, id toygres.FindingID) (toygres.Finding, error) {
	if !isID(id) {
		return toygres.Finding{}, notFound("finding")
	}
	found, ok, err := one(ctx, s, scanFinding, `SELECT `+findingColumns+` FROM drift_findings WHERE id = $1`, id)
	if err == nil && !ok {
		err = notFound("finding")
	}
	return found, err
}

// settleFindings keeps the findings $1 to $4, which are seen now, and resolves
// those of the kinds $5 that are not among them and were last seen before $6. Of
// the ones that are seen those marked in $7 are resolved already.
const settleFindings = `
WITH seen AS (
	SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $7::bool[]) AS seen (kind, instance_id, instance_name, message, repaired)
), kept AS (
	INSERT INTO drift_findings AS f (id, kind, instance_id, instance_name, message)
	SELECT gen_random_uuid(), kind, instance_id, instance_name, message FROM seen WHERE NOT repaired
	ON CONFLICT (kind, instance_id) WHERE resolved_at IS NULL DO UPDATE SET last_seen = now(), message = excluded.message
	RETURNING f.id, f.kind, f.instance_id, f.instance_name, f.message, f.first_seen = f.last_seen AS new
), repaired AS (
	INSERT INTO drift_findings AS f (id, kind, instance_id, instance_name, message, resolved_at)
	SELECT gen_random_uuid(), kind, instance_id, instance_name, message, now() FROM seen WHERE repaired
	  AND NOT EXISTS (SELECT FROM drift_findings o WHERE o.kind = seen.kind AND o.instance_id = seen.instance_id AND o.resolved_at IS NULL)
	RETURNING f.id, f.kind, f.instance_id, f.instance_name, f.message
), over AS (
	UPDATE drift_findings f SET resolved_at = now()
	WHERE f.resolved_at IS NULL AND (f.kind = ANY ($5) AND f.last_seen < $6 AND NOT EXISTS (SELECT FROM seen WHERE seen.kind = f.kind AND seen.instance_id = f.instance_id)
	   OR EXISTS (SELECT FROM seen WHERE seen.repaired AND seen.kind = f.kind AND seen.instance_id = f.instance_id))
	RETURNING f.id, f.kind, f.instance_id, f.instance_name, f.message
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, message, data)
	SELECT type, instance_id, instance_name, message, jsonb_build_object('kind', kind, 'finding', id) FROM (
		SELECT 1 AS nr, 'drift.found' AS type, id, kind, instance_id, instance_name, 'Found: ' || message || '.' AS message FROM kept WHERE new
		UNION ALL SELECT 2, 'drift.resolved', id, kind, instance_id, instance_name, 'Found and repaired: ' || message || '.' FROM repaired
		UNION ALL SELECT 3, 'drift.resolved', id, kind, instance_id, instance_name, 'No longer so: ' || message || '.' FROM over) facts
	ORDER BY nr
)
SELECT (SELECT count(*) FROM kept WHERE new) + (SELECT count(*) FROM repaired), (SELECT count(*) FROM over) + (SELECT count(*) FROM repaired)`

// Comparison is what a comparison of catalog, provider and Temporal has shown.
type Comparison struct {
	Findings []toygres.Finding   // of them, ID and times are the catalog's to choose
	Repaired []toygres.Finding   // that are none any more
	Kinds    []toygres.DriftKind // that were looked for everywhere: others may be there still
}

// SettleFindings records what was seen by a look that began at that time, with
// an event for each finding that is new and for each that is none any more.
func (s *Store) SettleFindings(ctx context.Context, c Comparison, began time.Time) (found, resolved int, err error) {
	all := append(append([]toygres.Finding{}, c.Findings...), c.Repaired...)
	kinds, ids, names, messages := make([]string, len(all)), make([]string, len(all)), make([]string, len(all)), make([]string, len(all))
	repaired := make([]bool, len(all))
	for i, f := range all {
		kinds[i], ids[i], names[i], messages[i] = string(f.Kind), string(f.InstanceID), f.InstanceName, clean(f.Message)
		repaired[i] = i >= len(c.Findings)
	}
	err = s.pool.QueryRow(ctx, settleFindings, kinds, ids, names, messages, c.Kinds, began, repaired).Scan(&found, &resolved)
	return found, resolved, wrap(err)
}

// Comparable returns the instances that are settled, and those of the given ids,
// whatever they are.
func (s *Store) Comparable(ctx context.Context, ids []toygres.InstanceID) (map[toygres.InstanceID]toygres.Instance, error) {
	var known []toygres.InstanceID
	for _, id := range ids {
		if isID(id) {
			known = append(known, id)
		}
	}
	found, err := collect(ctx, s, ScanInstance, `SELECT `+instanceColumns+fromInstances+`
		WHERE i.state IN ('running', 'stopped', 'trashed') OR i.id = ANY ($1)`, known)
	byID := make(map[toygres.InstanceID]toygres.Instance, len(found))
	for _, i := range found {
		byID[i.ID] = i
	}
	return byID, err
}
