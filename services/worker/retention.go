package main

import (
	"fmt"
	"time"

	"github.com/toygres/toygres"
)

// retention says for how long records are kept; 0 is for ever.
type retention struct {
	Events           time.Duration `env:"KEEP_EVENTS" envDefault:"2160h"`
	Health           time.Duration `env:"KEEP_HEALTH" envDefault:"720h"`
	Operations       time.Duration `env:"KEEP_OPERATIONS" envDefault:"2160h"`
	IdempotencyKeys  time.Duration `env:"KEEP_IDEMPOTENCY_KEYS" envDefault:"24h"`
	DeletedInstances time.Duration `env:"KEEP_DELETED_INSTANCES" envDefault:"2160h"` // as records: their data is gone
	Audit            time.Duration `env:"KEEP_AUDIT" envDefault:"8760h"`
	Reports          time.Duration `env:"KEEP_REPORTS" envDefault:"720h"`
}

// periods returns what is not kept for ever.
func (r retention) periods() (map[toygres.Kept]time.Duration, error) {
	keep := map[toygres.Kept]time.Duration{}
	for _, one := range []struct {
		kind     toygres.Kept
		variable string
		period   time.Duration
	}{
		{toygres.KeptEvents, "KEEP_EVENTS", r.Events},
		{toygres.KeptHealth, "KEEP_HEALTH", r.Health},
		{toygres.KeptOperations, "KEEP_OPERATIONS", r.Operations},
		{toygres.KeptIdempotencyKeys, "KEEP_IDEMPOTENCY_KEYS", r.IdempotencyKeys},
		{toygres.KeptInstances, "KEEP_DELETED_INSTANCES", r.DeletedInstances},
		{toygres.KeptAudit, "KEEP_AUDIT", r.Audit},
		{toygres.KeptReports, "KEEP_REPORTS", r.Reports},
	} {
		switch {
		case one.period == 0:
		case one.period < time.Hour:
			return nil, fmt.Errorf("TOYGRES_%s is %s, but must be at least an hour, such as 720h, or 0 for ever", one.variable, one.period)
		default:
			keep[one.kind] = one.period
		}
	}
	return keep, nil
}
