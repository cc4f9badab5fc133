// Package durable asks the extension pg_durable on the server of an instance about its durable functions, and starts,
// cancels and signals them, by the functions of its schema df.
package durable

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/query"
)

// Limits of one request. Of long texts only the beginning is read.
const (
	timeout  = 10 * time.Second // for each statement
	maxRows  = 1000
	MaxBytes = 8 << 20 // of what it reads
)

// Functions are the durable functions of one server.
type Functions struct {
	At toygres.Endpoint
	As toygres.Credentials
}

// Filter selects a page of the list. Empty fields select all.
type Filter struct {
	Status, Label string
	Cursor        string // that of the page before
	Limit         int
}

// List returns a page of functions, newest first. The superuser sees those of
// all roles.
func (f Functions) List(ctx context.Context, filter Filter) (page openapi.DurableFunctionList, err error) {
	type row struct {
		openapi.DurableFunction
		NextCursor *string `json:"next_cursor"`
	}
	err = f.read(ctx, func(s session) error {
		rows, _, err := rowsOf[row](s, `
			SELECT to_json(t) FROM (
				SELECT instance_id AS id, label, function_name, status, execution_count, left(output, 1000) AS output,
				       created_at, completed_at, next_cursor
				FROM df.list_instances($1, $2, $3, $4)) t`,
			optional(filter.Status), text(strconv.Itoa(filter.Limit)), optional(filter.Label), optional(filter.Cursor))
		page.Items = make([]openapi.DurableFunction, len(rows))
		for i, r := range rows {
			page.Items[i], page.NextCursor = r.DurableFunction, r.NextCursor
		}
		return err
	})
	return page, err
}

// Metrics returns what the extension counts.
func (f Functions) Metrics(ctx context.Context) (metrics openapi.DurableFunctionMetrics, err error) {
	err = f.read(ctx, func(s session) error {
		metrics, err = rowOf[openapi.DurableFunctionMetrics](s, `SELECT to_json(t) FROM df.metrics() t`)
		return err
	})
	return metrics, err
}

// Info returns one function.
func (f Functions) Info(ctx context.Context, id string) (info openapi.DurableFunction, err error) {
	err = f.read(ctx, func(s session) error {
		if _, err = s.status(id); err == nil {
			info, err = s.info(id)
		}
		return err
	})
	return info, err
}

// Nodes returns the graph of a function.
func (f Functions) Nodes(ctx context.Context, id string) (list openapi.DurableFunctionNodeList, err error) {
	err = f.read(ctx, func(s session) error {
		if _, err = s.status(id); err != nil {
			return err
		}
		list.Items, list.Truncated, err = rowsOf[openapi.DurableFunctionNode](s, `
			SELECT to_json(t) FROM (
				SELECT node_id, node_type, left(query, 4000) AS query, result_name, left_node, right_node, status,
				       left(result, 4000) AS result, status_details, inferred_status, inferred_status_from_ancestor_id, updated_at
				FROM df.instance_nodes($1)) t`, text(id))
		return err
	})
	return list, err
}

// Executions returns the last executions of a function.
func (f Functions) Executions(ctx context.Context, id string, limit int) (list openapi.DurableFunctionExecutionList, err error) {
	err = f.read(ctx, func(s session) error {
		if _, err = s.status(id); err != nil {
			return err
		}
		list.Items, _, err = rowsOf[openapi.DurableFunctionExecution](s, `
			SELECT to_json(t) FROM (
				SELECT execution_id, status, event_count, duration_ms, left(output, 4000) AS output
				FROM df.instance_executions($1, $2)) t`, text(id), text(strconv.Itoa(limit)))
		return err
	})
	return list, err
}

// Explain draws the graph of a function.
func (f Functions) Explain(ctx context.Context, id string) (drawing string, err error) {
	err = f.read(ctx, func(s session) error {
		if _, err = s.status(id); err == nil {
			drawing, err = s.explain(id)
		}
		return err
	})
	return drawing, err
}

// Preview draws the graph of what an expression describes.
func (f Functions) Preview(ctx context.Context, role, expression string) (drawing string, err error) {
	err = f.transact(ctx, query.Statement{Role: role, ReadOnly: true}, func(s session) error {
		graph, err := s.evaluate(expression)
		if err == nil {
			drawing, err = s.explain(graph)
		}
		return err
	})
	return drawing, err
}

// Cancel ends a function, and returns it. One that has ended is CodeConflict.
func (f Functions) Cancel(ctx context.Context, id, reason string) (info openapi.DurableFunction, err error) {
	err = f.transact(ctx, query.Statement{}, func(s session) error {
		if err = s.goesOn(id, "cancelled"); err != nil {
			return err
		}
		if _, err = rowOf[string](s, `SELECT to_json(df.cancel($1, $2))`, text(id), text(reason)); err == nil {
			info, err = s.info(id)
		}
		return err
	})
	return info, err
}

// Signal sends a signal with JSON text as its data. A function that has ended
// is CodeConflict.
func (f Functions) Signal(ctx context.Context, id, name, data string) error {
	if !json.Valid([]byte(data)) {
		const message = "must be JSON text"
		return &toygres.Error{Code: toygres.CodeInvalid, Message: "the data " + message,
			Fields: []toygres.FieldError{{Field: "data", Rule: "json", Message: message}}}
	}
	return f.transact(ctx, query.Statement{}, func(s session) error {
		err := s.goesOn(id, "signalled")
		if err == nil {
			_, err = rowOf[string](s, `SELECT to_json(df.signal($1, $2, $3))`, text(id), text(name), text(data))
		}
		return err
	})
}
