package durable

import (
	"context"
	"maps"
	"slices"

	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/query"
)

// Start starts what an expression describes, as the role asked for, and returns
// it. Either all of that happens or nothing.
func (f Functions) Start(ctx context.Context, asked openapi.StartDurableFunctionRequest) (info openapi.DurableFunction, err error) {
	err = f.transact(ctx, query.Statement{Role: or(asked.Role)}, func(s session) error {
		graph, err := s.evaluate(asked.Function)
		if err != nil {
			return err
		}
		var variables map[string]string
		if asked.Variables != nil {
			variables = *asked.Variables
		}
		restore, err := s.set(variables)
		if err != nil {
			return err
		}
		id, err := rowOf[string](s, `SELECT to_json(df.start($1, $2, $3))`, text(graph), asked.Label, asked.Database)
		if err != nil {
			return err
		}
		if err := restore(); err != nil {
			return err
		}
		// What the worker knows of it may take a moment, so it is not asked.
		info = openapi.DurableFunction{Id: id, Label: asked.Label, Status: openapi.DurableFunctionStatusPending}
		return nil
	})
	return info, err
}

// set sets variables, which a function takes along when it is started, and
// returns what puts back those that the role had.
func (s session) set(variables map[string]string) (restore func() error, err error) {
	names := slices.Sorted(maps.Keys(variables)) // always in the same order: two starts must not wait for each other
	before := make([]*string, len(names))
	for i, name := range names {
		if before[i], err = rowOf[*string](s, `SELECT to_json(df.getvar($1))`, text(name)); err != nil {
			return nil, err
		}
		if _, _, err := rowsOf[any](s, `SELECT to_json(df.setvar($1, $2))`, text(name), text(variables[name])); err != nil {
			return nil, err
		}
	}
	return func() error {
		for i, name := range names {
			sql, args := `SELECT to_json(df.unsetvar($1))`, []*string{text(name)}
			if before[i] != nil {
				sql, args = `SELECT to_json(df.setvar($1, $2))`, append(args, before[i])
			}
			if _, _, err := rowsOf[any](s, sql, args...); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func or(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
