package server

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/openapi"
	"github.com/toygres/toygres/workflows"
)

// CreateInstances records a batch of new instances and starts it. What is the
// same for many is checked here; what is up to each one's name is found out
// when its turn comes.
func (s *Server) CreateInstances(ctx context.Context, request openapi.CreateInstancesRequestObject) (openapi.CreateInstancesResponseObject, error) {
	offer, err := s.options.Provider.Offer(ctx)
	if err != nil {
		return nil, err
	}
	var all named
	var plans []openapi.InstancePlan
	for i, asked := range request.Body.Instances {
		field := fmt.Sprintf("instances.%d", i)
		spec, err := s.withRuntimeImage(ctx, specOf(asked, offer), offer)
		metadata := metadataOfNew(asked)
		if err == nil {
			spec.Name = "any" // the rules of all but the name
			err = checkNew(spec, metadata, offer)
		}
		if err != nil && !all.within(field, err) {
			return nil, err
		}
		all.add(field+".name", asked.Name, catalog.NewItem{Spec: &spec, Metadata: metadata})
		plans = append(plans, plan(spec))
		plans[i].Name = asked.Name
	}
	if err := all.wrong("the instances can't be created as asked"); err != nil {
		return nil, err
	}
	if or(request.Params.DryRun) {
		return s.planCreates(ctx, all.items, plans)
	}
	key, err := idempotencyKey(request.Params.IdempotencyKey, "create many ", *request.Body)
	if err != nil {
		return nil, err
	}
	batch, err := s.beginBatch(ctx, catalog.NewBatch{Kind: toygres.KindCreate, Items: all.items, Idempotency: key})
	if err != nil {
		return nil, err
	}
	return openapi.CreateInstances202JSONResponse{BatchJSONResponse: openapi.BatchJSONResponse(batch)}, nil
}

// planCreates answers what a batch would make, and which of its items would be
// refused.
func (s *Server) planCreates(ctx context.Context, items []catalog.NewItem, plans []openapi.InstancePlan) (openapi.CreateInstancesResponseObject, error) {
	why, err := s.options.Catalog.CheckCreates(ctx, callOf(ctx).principal.User.ID, items)
	if err != nil {
		return nil, err
	}
	refused := []openapi.BatchItem{}
	for i, err := range why {
		if err != nil {
			refused = append(refused, batchItem(toygres.BatchItem{Position: i + 1, Name: items[i].Name, State: toygres.ItemFailed,
				ErrorCode: toygres.CodeOf(err), Error: toygres.MessageOf(err)}))
		}
	}
	return openapi.CreateInstances200JSONResponse{Total: len(items), Instances: plans, Refused: refused}, nil
}

// DeleteInstances records a batch that deletes instances and starts it.
func (s *Server) DeleteInstances(ctx context.Context, request openapi.DeleteInstancesRequestObject) (openapi.DeleteInstancesResponseObject, error) {
	key, err := idempotencyKey(request.Params.IdempotencyKey, "delete many ", *request.Body)
	if err != nil {
		return nil, err
	}
	// By now something else may match than what the first request has found.
	first, found, err := s.options.Catalog.ReplayBatch(ctx, callOf(ctx).principal.User.ID, key)
	if err != nil {
		return nil, err
	}
	if found {
		return openapi.DeleteInstances202JSONResponse{BatchJSONResponse: openapi.BatchJSONResponse(s.batch(first))}, nil
	}
	all, err := s.chosen(ctx, *request.Body)
	if err != nil {
		return nil, err
	}
	n := catalog.NewBatch{Kind: toygres.KindTrash, Keep: s.options.KeepDeleted, Items: all, Idempotency: key}
	if or(request.Body.Purge) || n.Keep == 0 {
		n.Kind, n.Keep = toygres.KindDelete, 0
	}
	batch, err := s.beginBatch(ctx, n)
	if err != nil {
		return nil, err
	}
	return openapi.DeleteInstances202JSONResponse{BatchJSONResponse: openapi.BatchJSONResponse(batch)}, nil
}

// chosen are the instances that a request to delete is about.
func (s *Server) chosen(ctx context.Context, body openapi.DeleteInstancesRequest) ([]catalog.NewItem, error) {
	var all named
	switch {
	case (body.Names == nil) == (body.Match == nil):
		all.refuse("names", "one_of", "either names or match is needed, and not both")
	case body.Names != nil && body.State != nil:
		all.refuse("state", "one_of", "goes with match only")
	case body.Names != nil:
		for i, name := range *body.Names {
			all.add(fmt.Sprintf("names.%d", i), name, catalog.NewItem{})
		}
	default:
		var states []toygres.State
		for _, state := range or(body.State) {
			states = append(states, toygres.State(state))
		}
		names, err := s.options.Catalog.NamesLike(ctx, *body.Match, states, or(body.Purge), toygres.MaxBatch+1)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			all.items = append(all.items, catalog.NewItem{Name: name})
		}
		if len(names) == 0 {
			all.refuse("match", "matches", "no instance is like this")
		}
		if len(names) > toygres.MaxBatch {
			all.refuse("match", "max_items", "more than %d instances are like this; choose fewer", toygres.MaxBatch)
		}
	}
	return all.items, all.wrong("the instances can't be deleted as asked")
}

// named gathers the instances of a batch, and what is wrong with them.
type named struct {
	items []catalog.NewItem
	bad   []toygres.FieldError
	known map[string]bool
}

func (n *named) refuse(field, rule, format string, args ...any) {
	n.bad = append(n.bad, toygres.FieldError{Field: field, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// within takes in what is wrong with fields below another, and reports whether
// there was any.
func (n *named) within(field string, err error) bool {
	fields := toygres.FieldsOf(err)
	for _, f := range fields {
		f.Field = field + "." + f.Field
		n.bad = append(n.bad, f)
	}
	return len(fields) > 0
}

// add adds an item for each name that pattern stands for.
func (n *named) add(field, pattern string, item catalog.NewItem) {
	names, wrong := toygres.ExpandName(field, pattern)
	if wrong != nil {
		n.bad = append(n.bad, *wrong)
		return
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	for _, name := range names {
		if n.known[name] {
			n.refuse(field, "unique", "%q is asked for twice", name)
			return
		}
		n.known[name] = true
		item.Name = name
		n.items = append(n.items, item)
	}
	if len(n.items) > toygres.MaxBatch && len(n.items)-len(names) <= toygres.MaxBatch {
		n.refuse(field, "max_items", "makes more than %d instances, which is the most at once", toygres.MaxBatch)
	}
}

func (n *named) wrong(what string) error {
	if len(n.bad) == 0 {
		return nil
	}
	return &toygres.Error{Code: toygres.CodeInvalid, Message: what + ": " + n.bad[0].Field + " " + n.bad[0].Message, Fields: n.bad}
}

// beginBatch records a batch and starts its workflow.
func (s *Server) beginBatch(ctx context.Context, n catalog.NewBatch) (openapi.Batch, error) {
	n.Owner = callOf(ctx).principal.User.ID
	batch, replayed, err := s.options.Catalog.BeginBatch(ctx, n)
	if err != nil {
		return openapi.Batch{}, err
	}
	return s.startBatch(ctx, batch, replayed)
}

// startBatch starts the workflow of a batch, as launch does it with an operation,
// unless the batch was recorded by an earlier request.
func (s *Server) startBatch(ctx context.Context, batch toygres.Batch, replayed bool) (openapi.Batch, error) {
	if replayed {
		return s.batch(batch), nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	starting, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	cause := workflows.StartBatch(starting, s.options.Temporal, batch)
	if cause == nil {
		return s.batch(batch), nil
	}
	cause = temporalDown(cause, "nothing was begun; try again in a moment")
	switch err := s.options.Catalog.AbandonBatch(ctx, batch.ID); toygres.CodeOf(err) {
	case "":
		return openapi.Batch{}, cause
	case toygres.CodeConflict: // it has begun after all
		batch, err := s.options.Catalog.Batch(ctx, batch.ID)
		return s.batch(batch), err
	default:
		s.log.ErrorContext(ctx, "a batch was recorded, but neither started nor taken back; the worker starts it",
			"request_id", callOf(ctx).requestID, "batch", batch.ID, "cause", cause, "error", err)
		return openapi.Batch{}, cause
	}
}
