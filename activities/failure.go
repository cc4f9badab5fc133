package activities

import (
	"context"
	"errors"
	"math"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/toygres/toygres"
)

// tries is how many attempts a kind of trouble is worth before the operation
// gives up. Kinds that are not in it are tried until the step's time is over,
// except those that no repetition can help.
type tries map[toygres.ErrorCode]int

// bounded is for steps whose failure can be undone: a user would rather hear
// soon that it does not work.
var bounded = tries{toygres.CodeExhausted: 3, toygres.CodeProvider: 5, toygres.CodeInternal: 5}

// stubborn is for steps that must succeed in the end: nothing else cleans up.
var stubborn = tries{}

// final marks an error that no repetition can help, whatever its code.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// failure returns err as Temporal must know it: the type is the error's code,
// the message is the user's. The cause stays behind, because it may hold what
// is nobody's business. Whether and when it is tried again is decided here,
// so that what users are told about it is true.
func (t tries) failure(ctx context.Context, err error) error {
	if temporal.IsCanceledError(err) {
		return temporal.NewCanceledError()
	}
	code := toygres.CodeOf(err)
	options := temporal.ApplicationErrorOptions{}
	delay, again := nextDelay(activity.GetInfo(ctx))
	var hopeless final
	if again && !errors.As(err, &hopeless) && t.again(code, int(activity.GetInfo(ctx).Attempt)) {
		options.NextRetryDelay = delay
	} else {
		options.NonRetryable = true
	}
	return temporal.NewApplicationErrorWithOptions(toygres.MessageOf(err), string(code), options)
}

func (t tries) again(code toygres.ErrorCode, attempt int) bool {
	switch code {
	case toygres.CodeInvalid, toygres.CodeConflict, toygres.CodeNotFound, toygres.CodeForbidden, toygres.CodeUnauthenticated, toygres.CodeCancelled:
		return false
	default:
		limit, limited := t[code]
		return !limited || attempt < limit
	}
}

// nextDelay returns how long the retry policy waits before the next attempt,
// and false if there will not be one.
func nextDelay(info activity.Info) (time.Duration, bool) {
	policy := info.RetryPolicy
	if policy == nil {
		return 0, true // Temporal knows better
	}
	if policy.MaximumAttempts > 0 && info.Attempt >= policy.MaximumAttempts {
		return 0, false
	}
	delay := time.Duration(float64(policy.InitialInterval) * math.Pow(policy.BackoffCoefficient, float64(info.Attempt-1)))
	if limit := policy.MaximumInterval; limit > 0 && (delay > limit || delay <= 0) {
		delay = limit
	}
	if info.ScheduleToCloseTimeout > 0 && time.Until(info.ScheduledTime.Add(info.ScheduleToCloseTimeout)) <= delay {
		return 0, false
	}
	return delay, true
}
