package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/query"
)

const (
	queryRoute = "/api/instances/:name/query"
	// queryTime bounds a request for a query: what a statement may take at most,
	// and what is around it.
	queryTime = 330 * time.Second
	// queriesMemory bounds what all results in the making may have, in bytes.
	// With rows on their way and answers being written, they take several times
	// as much.
	queriesMemory = 64 << 20
	// queryLeast is what each counts for at least, however little it asks for:
	// it has a connection and a row on its way.
	queryLeast = 4 << 20
)

// What a query may take when nobody says; the contract has the same.
const (
	queryDefaultTimeout = 30 * time.Second
	queryDefaultRows    = 1000
	queryDefaultBytes   = queryLeast
)

// QueryInstance runs one statement on an instance. That it ran becomes an
// event; its text is kept nowhere.
func (s *Server) QueryInstance(ctx context.Context, request openapi.QueryInstanceRequestObject) (openapi.QueryInstanceResponseObject, error) {
	statement := statementOf(*request.Body)
	instance, credentials, done, err := s.serverOf(ctx, request.Name, statement.MaxBytes)
	if err != nil {
		return nil, err
	}
	defer done()
	started := time.Now()
	result, err := query.Run(ctx, instance.Endpoint, credentials, statement)
	s.recordQuery(ctx, instance, statement, time.Since(started), result, err)
	if err != nil {
		return nil, err
	}
	noStore := "no-store"
	return openapi.QueryInstance200JSONResponse{
		Body:    queryResult(statement, result),
		Headers: openapi.QueryInstance200ResponseHeaders{CacheControl: &noStore},
	}, nil
}

// serverOf returns an instance whose server should answer, and how to sign in
// there for a result of at most so many bytes; done ends that.
func (s *Server) serverOf(ctx context.Context, name string, maxBytes int) (instance toygres.Instance, as toygres.Credentials, done func(), err error) {
	if instance, err = s.reachable(ctx, name); err != nil {
		return instance, as, nil, err
	}
	if instance.State == toygres.StateStopped || instance.State == toygres.StateFailed || instance.State == toygres.StateDeleting {
		return instance, as, nil, &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation,
			Message: fmt.Sprintf("%q is %s; this needs an instance that runs", instance.Spec.Name, instance.State)}
	}
	as, done, err = s.superuserOf(ctx, instance.ID, maxBytes)
	return instance, as, done, err
}

// superuserOf returns how to sign in at an instance's server, as one of the few
// requests that may do so at once; done ends that.
func (s *Server) superuserOf(ctx context.Context, id toygres.InstanceID, maxBytes int) (as toygres.Credentials, done func(), err error) {
	memory := int64(max(maxBytes, queryLeast))
	if !s.queries.TryAcquire(memory) {
		return as, nil, &toygres.Error{Code: toygres.CodeRateLimited, RetryAfter: time.Second,
			Message: "as many queries run already as this server has memory for; try again in a moment"}
	}
	if as, err = s.options.Provider.Credentials(ctx, id); err != nil {
		s.queries.Release(memory)
		return as, nil, ofProvider(err)
	}
	return as, func() { s.queries.Release(memory) }, nil
}

func statementOf(q openapi.QueryRequest) query.Statement {
	statement := query.Statement{SQL: q.Sql, Role: or(q.Role), ReadOnly: true,
		Timeout: queryDefaultTimeout, MaxRows: queryDefaultRows, MaxBytes: queryDefaultBytes}
	if q.ReadOnly != nil {
		statement.ReadOnly = *q.ReadOnly
	}
	if q.TimeoutSeconds != nil {
		statement.Timeout = time.Duration(*q.TimeoutSeconds) * time.Second
	}
	if q.MaxRows != nil {
		statement.MaxRows = *q.MaxRows
	}
	if q.MaxBytes != nil {
		statement.MaxBytes = *q.MaxBytes
	}
	return statement
}

func queryResult(statement query.Statement, result query.Result) openapi.QueryResult {
	out := openapi.QueryResult{
		Columns: make([]openapi.QueryColumn, len(result.Columns)), Rows: make([][]any, len(result.Rows)),
		RowCount: len(result.Rows), Command: optional(result.Command), ReadOnly: statement.ReadOnly,
		DurationMs: result.Took.Milliseconds(),
	}
	for i, column := range result.Columns {
		out.Columns[i] = openapi.QueryColumn{Name: column.Name, Type: column.Type}
	}
	for i, row := range result.Rows {
		out.Rows[i] = make([]any, len(row))
		for j, value := range row {
			out.Rows[i][j] = value
		}
	}
	if result.Command != "" {
		out.RowsAffected = &result.Affected
	}
	if result.Truncated != "" {
		limit := openapi.QueryResultTruncated(result.Truncated)
		out.Truncated = &limit
	}
	return out
}

// recordQuery writes the event, also when the client has gone: the statement
// may have done something by then.
func (s *Server) recordQuery(ctx context.Context, instance toygres.Instance, statement query.Statement, took time.Duration, result query.Result, failed error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	user := callOf(ctx).principal.User
	data := map[string]string{
		"read_only": strconv.FormatBool(statement.ReadOnly), "duration_ms": strconv.FormatInt(took.Milliseconds(), 10),
	}
	as := ""
	if statement.Role != "" {
		data["role"] = statement.Role
		as = fmt.Sprintf(" as %q", statement.Role)
	}
	kind, outcome := "statement that may write", ""
	if statement.ReadOnly {
		kind = "read-only statement"
	}
	var known *toygres.Error
	switch {
	case failed == nil:
		data["rows"] = strconv.Itoa(len(result.Rows))
	case errors.As(failed, &known) && known.Postgres != nil:
		data["sqlstate"], outcome = known.Postgres.SQLState, " and refused by the server"
	case errors.Is(failed, context.Canceled):
		data["code"], outcome = string(toygres.CodeCancelled), " and cancelled"
	default:
		data["code"], outcome = string(toygres.CodeOf(failed)), " and failed"
	}
	_, err := s.options.Catalog.RecordEvent(ctx, toygres.Event{
		Type: toygres.EventQueryRun, InstanceID: instance.ID, Actor: user.ID, Data: data,
		Message: fmt.Sprintf("A %s was run%s by %s%s.", kind, as, user.Name, outcome),
	})
	if err != nil {
		s.log.ErrorContext(ctx, "a query was run and left no event", "request_id", callOf(ctx).requestID,
			"instance", instance.ID, "user", user.Name, "read_only", statement.ReadOnly, "error", err)
	}
}
