package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/toygres/toygres"
)

// PlaceCatalog hands out the places that there are for operations that make
// instances. others are instances whose operations have got a place by the way.
type PlaceCatalog interface {
	TakePlace(ctx context.Context, op toygres.OperationID, places int) (place toygres.Place, others []toygres.InstanceID, err error)
	FreePlaces(ctx context.Context, places int) (admitted []toygres.InstanceID, err error)
	StepWaits(ctx context.Context, op toygres.OperationID, step toygres.StepName, message string) error
}

// Doors tell waiting workflows that they have a place.
type Doors interface {
	CallIn(ctx context.Context, id toygres.InstanceID) error
}

// Places limits how many instances are made at a time.
type Places struct {
	Catalog PlaceCatalog
	Doors   Doors
	Places  int // all workers should have the same
}

// TakePlaceInput says who wants a place.
type TakePlaceInput struct {
	OperationID toygres.OperationID
	Step        toygres.StepName // that needs it
}

// TakePlaceResult says whether there was one.
type TakePlaceResult struct {
	Taken bool
}

// TakePlace takes a place for the operation, or tells its user how many are
// before it.
func (p *Places) TakePlace(ctx context.Context, in TakePlaceInput) (TakePlaceResult, error) {
	var place toygres.Place
	var others []toygres.InstanceID
	err := write(ctx, func(ctx context.Context) (err error) {
		place, others, err = p.Catalog.TakePlace(ctx, in.OperationID, p.Places)
		return err
	})
	if err != nil {
		return TakePlaceResult{}, stubborn.failure(ctx, err)
	}
	p.callIn(ctx, others)
	if !place.Taken {
		err := write(ctx, func(ctx context.Context) error {
			return p.Catalog.StepWaits(ctx, in.OperationID, in.Step, fmt.Sprintf("waiting for a place: %d before it", place.Before))
		})
		if err != nil {
			activity.GetLogger(ctx).Warn("a step's progress was not recorded", "step", in.Step, "error", err)
		}
	}
	return TakePlaceResult{Taken: place.Taken}, nil
}

// LeavePlaceInput says nothing yet.
type LeavePlaceInput struct{}

// LeavePlaceResult says nothing yet.
type LeavePlaceResult struct{}

// LeavePlace gives the places that are free to those who wait. An operation that
// is over has none any more.
func (p *Places) LeavePlace(ctx context.Context, _ LeavePlaceInput) (LeavePlaceResult, error) {
	admitted, err := p.Catalog.FreePlaces(ctx, p.Places)
	if err != nil {
		return LeavePlaceResult{}, stubborn.failure(ctx, err)
	}
	p.callIn(ctx, admitted)
	return LeavePlaceResult{}, nil
}

// callIn does not insist: who waits also looks by itself, now and then.
func (p *Places) callIn(ctx context.Context, instances []toygres.InstanceID) {
	for _, id := range instances {
		if err := p.Doors.CallIn(ctx, id); err != nil {
			activity.GetLogger(ctx).Warn("an operation was not told that it has a place, and will find out by itself", "instance_id", id, "error", err)
		}
	}
}
