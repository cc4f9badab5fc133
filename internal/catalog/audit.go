package catalog

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/toygres/toygres"
)

// AuditID numbers the entries of the audit log.
type AuditID int64

// AuditEntry is one request that was to change something, or a sign-in.
type AuditEntry struct {
	ID         AuditID
	At         time.Time
	User       toygres.UserID // "": nobody who is known
	UserName   string
	Credential string // what showed who it was: session, token, password, or who vouched for it
	TokenName  string
	Address    string
	Action     string // the operation of the contract
	Target     string // such as instances/mydb
	RequestID  string
	Outcome    AuditOutcome
}

// AuditOutcome is what became of a request. The zero one is not known (yet).
type AuditOutcome struct {
	Status int // of the HTTP answer
	Code   toygres.ErrorCode
	At     time.Time
}

const beginAudit = `
INSERT INTO audit_log (user_id, user_name, credential, token_name, address, action, target, request_id)
VALUES (nullif($1, '')::uuid, $2, $3, $4, $5, $6, $7, $8) RETURNING id`

func (e AuditEntry) args() []any {
	return []any{e.User, clean(e.UserName), e.Credential, clean(e.TokenName), e.Address, e.Action, clean(e.Target), e.RequestID}
}

// BeginAudit records a request before anything is done. The entry's ID, At and
// Outcome do not count.
func (s *Store) BeginAudit(ctx context.Context, e AuditEntry) (AuditID, error) {
	id, _, err := one(ctx, s, pgx.RowTo[AuditID], beginAudit, e.args()...)
	return id, err
}

// EndAudit records what became of a request, once.
func (s *Store) EndAudit(ctx context.Context, id AuditID, o AuditOutcome) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO audit_outcomes (audit_id, status, code) VALUES ($1, $2, $3)`, id, o.Status, o.Code)
	return wrap(err)
}

// RecordAudit records a request together with its outcome.
func (s *Store) RecordAudit(ctx context.Context, e AuditEntry) error {
	_, err := s.pool.Exec(ctx, `WITH entry AS (`+beginAudit+`)
		INSERT INTO audit_outcomes (audit_id, status, code) SELECT id, $9, $10 FROM entry`, append(e.args(), e.Outcome.Status, e.Outcome.Code)...)
	return wrap(err)
}

// AuditFilter selects entries. Zero fields select all.
type AuditFilter struct {
	Before   AuditID // only what came earlier
	UserName string  // in whatever case
	Action   string
	Instance string
	Target   string // whole, or how it begins, or a name in it
	Outcome  string // of [auditOutcomes]
	Since    time.Time
	Until    time.Time
}

// auditOutcomes are what can become of a request, as conditions on its status.
var auditOutcomes = map[string]string{
	"succeeded":  "o.status < 400",
	"refused":    "o.status BETWEEN 400 AND 499",
	"failed":     "o.status >= 500",
	"unanswered": "o.status IS NULL",
}

// Audit returns at most limit entries (50 when zero, 200 at most), newest first,
// and whether there are more.
func (s *Store) Audit(ctx context.Context, f AuditFilter, limit int) (entries []AuditEntry, more bool, err error) {
	where := conditions{}
	where.add("true")
	if f.Before > 0 {
		where.add("a.id < ?", f.Before)
	}
	if f.UserName != "" {
		where.add("lower(a.user_name) = lower(?)", f.UserName)
	}
	if f.Action != "" {
		where.add("a.action = ?", f.Action)
	}
	if f.Instance != "" {
		where.add("a.instance_name = ?", f.Instance)
	}
	if f.Target != "" {
		where.add("(a.target = ? OR starts_with(a.target, ?) OR ? = ANY (string_to_array(a.target, '/')))", f.Target, f.Target+"/", f.Target)
	}
	if outcome, known := auditOutcomes[f.Outcome]; known {
		where.add(outcome)
	}
	if !f.Since.IsZero() {
		where.add("a.created_at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		where.add("a.created_at < ?", f.Until)
	}
	size := pageSize(limit)
	entries, err = collect(ctx, s, scanAudit, `
		SELECT a.id, a.created_at, coalesce(a.user_id::text, ''), a.user_name, a.credential, a.token_name, a.address, a.action, a.target,
		       a.request_id, coalesce(o.status, 0), coalesce(o.code, ''), o.ended_at
		FROM audit_log a LEFT JOIN audit_outcomes o ON o.audit_id = a.id`+where.sql()+
		` ORDER BY a.id DESC LIMIT `+strconv.Itoa(size+1), where.args...)
	if len(entries) > size {
		return entries[:size], true, err
	}
	return entries, false, err
}

func scanAudit(row pgx.CollectableRow) (AuditEntry, error) {
	var e AuditEntry
	err := row.Scan(&e.ID, &e.At, &e.User, &e.UserName, &e.Credential, &e.TokenName, &e.Address, &e.Action, &e.Target,
		&e.RequestID, &e.Outcome.Status, &e.Outcome.Code, (*zeronull.Timestamptz)(&e.Outcome.At))
	return e, err
}
