package monitor

import (
	"errors"

	"github.com/toygres/toygres"
)

// enough is how many probes in a row must fail before an instance is
// unhealthy, if its provider does not say so itself. One may meet a server that
// is just being started again, or a busy network.
const enough = 2

// verdict is what the probes so far say of an instance. One that answers is
// healthy at once.
type verdict struct {
	health   toygres.Health
	failures int // in a row
}

// failure is why a probe failed.
type failure struct {
	reason string
	final  bool // the provider says that the server will not answer by itself
	blind  bool // it is we who could not look, which says nothing of the instance
}

// after is the verdict after one more probe; why is nil for one that was
// answered.
func (v verdict) after(why *failure) verdict {
	switch {
	case why == nil:
		return verdict{health: toygres.HealthHealthy}
	case !why.final && v.failures+1 < enough:
		return verdict{health: v.health, failures: v.failures + 1}
	case why.blind:
		return verdict{health: toygres.HealthUnknown, failures: v.failures + 1}
	default:
		return verdict{health: toygres.HealthUnhealthy, failures: v.failures + 1}
	}
}

// explain says why a probe failed, with the provider's account where that says
// more.
func explain(err error, seen toygres.Observation) *failure {
	var unseen blind
	why := &failure{reason: toygres.MessageOf(err), blind: errors.As(err, &unseen)}
	switch seen.Phase {
	case toygres.PhaseReady, "":
		return why
	case toygres.PhaseAbsent:
		return &failure{reason: "it no longer exists where instances live", final: true}
	case toygres.PhaseStopped, toygres.PhaseStopping:
		return &failure{reason: "its server was stopped, though nobody asked for it here; restart the instance", final: true}
	}
	if seen.Message != "" {
		why.reason, why.blind = seen.Message, false
	}
	why.final = seen.Phase == toygres.PhaseFailed
	return why
}
