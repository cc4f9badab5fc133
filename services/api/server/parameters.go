package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/services/api/builtin"
	"github.com/toygres/toygres/services/api/query"
)

// describeParameters asks a server for its parameters, in the order of the
// fields of [toygres.Parameter].
const describeParameters = `
SELECT name, coalesce(current_setting(name, true), ''), coalesce(boot_val, ''), coalesce(unit, ''), category, short_desc, context, vartype,
       coalesce(min_val, ''), coalesce(max_val, ''), coalesce(enumvals, '{}'), pending_restart,
       coalesce(sourcefile LIKE '%/postgresql.auto.conf', false)
FROM pg_settings ORDER BY name`

// A server has some 400 parameters, of which each takes less than a kilobyte.
const (
	parametersTime  = 10 * time.Second
	parametersRows  = 5000
	parametersBytes = 4 << 20
)

// ListParameters says what is set of an instance and, while it runs, what its
// server has.
func (s *Server) ListParameters(ctx context.Context, request openapi.ListParametersRequestObject) (openapi.ListParametersResponseObject, error) {
	instance, err := s.options.Catalog.Instance(ctx, request.Name)
	if err != nil {
		return nil, err
	}
	set := instance.Spec.Parameters
	list := openapi.ParameterList{Items: []openapi.Parameter{}, FromServer: instance.State == toygres.StateRunning}
	if !list.FromServer {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			value := set[name]
			list.Items = append(list.Items, openapi.Parameter{Name: name, Set: &value})
		}
		return openapi.ListParameters200JSONResponse(list), nil
	}
	known, err := s.parametersOf(ctx, instance)
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		list.Items = append(list.Items, parameter(p, set))
	}
	return openapi.ListParameters200JSONResponse(list), nil
}

func parameter(p toygres.Parameter, set map[string]string) openapi.Parameter {
	out := openapi.Parameter{Name: p.Name, Current: &p.Current, Default: optional(p.DefaultWithUnit()), Unit: optional(p.Unit), Type: optional(p.Type), Category: optional(p.Category),
		Description: optional(p.Description), Min: optional(p.Min), Max: optional(p.Max)}
	if value, is := set[p.Name]; is {
		out.Set = &value
	}
	if len(p.Enum) > 0 {
		out.OneOf = &p.Enum
	}
	if p.PendingRestart {
		out.PendingRestart = &p.PendingRestart
	}
	if f, ok := p.Changeable(); !ok {
		out.Fixed = &f.Message
		return out
	}
	takes := openapi.TakesReload
	if p.NeedsRestart() {
		takes = openapi.TakesRestart
	}
	out.Takes = &takes
	return out
}

// parametersOf asks the instance's server.
func (s *Server) parametersOf(ctx context.Context, instance toygres.Instance) ([]toygres.Parameter, error) {
	credentials, done, err := s.superuserOf(ctx, instance.ID, parametersBytes)
	if err != nil {
		return nil, err
	}
	defer done()
	result, err := query.Run(ctx, instance.Endpoint, credentials, query.Statement{SQL: describeParameters, ReadOnly: true,
		Timeout: parametersTime, MaxRows: parametersRows, MaxBytes: parametersBytes})
	if err != nil {
		return nil, err
	}
	parameters := make([]toygres.Parameter, len(result.Rows))
	for i, row := range result.Rows {
		p := &parameters[i]
		for j, target := range []any{&p.Name, &p.Current, &p.Default, &p.Unit, &p.Category, &p.Description, &p.Context, &p.Type,
			&p.Min, &p.Max, &p.Enum, &p.PendingRestart, &p.AlteredSystem} {
			if err := json.Unmarshal(row[j], target); err != nil {
				return nil, fmt.Errorf("read the parameters of instance %s: %w", instance.ID, err)
			}
		}
	}
	return parameters, nil
}

// checkParameters checks those that are to be set against the instance's own
// server and returns what that says of all that change. To reset some needs no
// server: perhaps it is they that keep it from starting.
func (s *Server) checkParameters(ctx context.Context, instance toygres.Instance, to toygres.Configuration, changed []string) (map[string]toygres.Parameter, error) {
	sets := slices.ContainsFunc(changed, func(name string) bool { _, set := to.Parameters[name]; return set })
	if instance.State != toygres.StateRunning {
		if !sets {
			return nil, nil
		}
		return nil, &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation, Message: fmt.Sprintf(
			"%q is %s; parameters are checked by its own server, so they can be set while it is running, and only reset before", instance.Spec.Name, instance.State)}
	}
	all, err := s.parametersOf(ctx, instance)
	if err != nil {
		if !sets && toygres.CodeOf(err) == toygres.CodeProvider {
			return nil, nil
		}
		return nil, err
	}
	known := make(map[string]toygres.Parameter, len(all))
	for _, p := range all {
		known[p.Name] = p
	}
	told, bad := checkAgainst(known, to, changed, "is no parameter of this server")
	if len(bad) > 0 {
		return nil, &toygres.Error{Code: toygres.CodeInvalid, Message: "the instance can't be changed as asked: " + summary(bad), Fields: bad}
	}
	return told, nil
}

// checkNew checks an instance that is to be made. There is no server yet that
// could be asked for its parameters, so they are those that PostgreSQL itself has.
func checkNew(spec toygres.Spec, metadata toygres.MetadataChange, offer toygres.Offer) error {
	if err := toygres.ValidateNew(spec, metadata, offer); err != nil {
		return err
	}
	unknown := fmt.Sprintf("is no parameter of PostgreSQL %d itself; one of an extension can be set once the instance runs", spec.Version)
	_, bad := checkAgainst(builtin.Parameters(spec.Version), spec.Configuration(), spec.Configuration().Changed(toygres.Configuration{}), unknown)
	if len(bad) > 0 {
		return &toygres.Error{Code: toygres.CodeInvalid, Message: "the instance can't be created as asked: " + summary(bad), Fields: bad}
	}
	return nil
}

// checkAgainst checks the parameters that change against those that are known.
// It returns what is known of them, and what can't be set.
func checkAgainst(known map[string]toygres.Parameter, to toygres.Configuration, changed []string, unknown string) (told map[string]toygres.Parameter, bad []toygres.FieldError) {
	told = map[string]toygres.Parameter{}
	for _, name := range changed {
		value, set := to.Parameters[name]
		p, is := known[name]
		if !is && !set {
			continue
		}
		if !is {
			bad = append(bad, toygres.FieldError{Field: "parameters." + name, Rule: "unknown", Message: unknown + meant(name, known)})
			continue
		}
		told[name] = p
		if f, ok := p.Check(value); set && !ok {
			bad = append(bad, f)
		}
	}
	return told, bad
}

// meant points to the parameter that differs in its case alone.
func meant(name string, known map[string]toygres.Parameter) string {
	folded := make(map[string]string, len(known))
	for other := range known {
		folded[other] = ""
	}
	if other := canonical(name, folded); other != name {
		return fmt.Sprintf("; %s is", other)
	}
	return ""
}
