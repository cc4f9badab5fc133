package workflows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// Only so many operations make instances at a time, whoever asks and whichever
// worker carries them out: on a machine with two processors a hundred servers
// that are initialised at once are all late. The catalog hands the places out.

// placeSignal tells a workflow that waits for a place that it may have one.
const placeSignal = "place"

// A workflow that waits for the signal also looks by itself, less and less often:
// who should have sent it may have been killed, or the operation before it ended
// without its workflow; and each look makes the history longer.
const (
	firstLook = 15 * time.Second
	lastLook  = time.Minute
)

// limited reports whether the operation needs a place; those that began under
// releases that knew of none go on without.
func limited(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "places", workflow.DefaultVersion, 1) != workflow.DefaultVersion
}

// takePlace waits for a place, which the operation then has until it ends.
func (o operation) takePlace(ctx workflow.Context, step toygres.StepName) error {
	called := workflow.GetSignalChannel(ctx, placeSignal)
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		var place activities.TakePlaceResult
		err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, recording), places.TakePlace,
			activities.TakePlaceInput{OperationID: o.id, Step: step}).Get(ctx, &place)
		if err != nil || place.Taken {
			return err
		}
		waiting, stop := workflow.WithCancel(ctx)
		workflow.NewSelector(ctx).
			AddFuture(workflow.NewTimer(waiting, pause), func(workflow.Future) {}).
			AddReceive(called, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) }).
			Select(ctx)
		stop()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// leavePlace lets the next one in, once the operation is over. If it can't, the
// next one finds out by itself.
func (o operation) leavePlace(ctx workflow.Context) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, leaving), places.LeavePlace, activities.LeavePlaceInput{}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("nobody was called in after this operation", "operation", o.id, "error", err)
	}
}

// CallIn tells the workflow of an instance that it has a place. That it is over
// is no error.
func CallIn(ctx context.Context, c client.Client, id toygres.InstanceID) error {
	err := c.SignalWorkflow(ctx, ID(id), "", placeSignal, nil)
	var over *serviceerror.NotFound
	if errors.As(err, &over) {
		return nil
	}
	return err
}
