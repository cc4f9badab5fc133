package kubernetes_test

import (
	"testing"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	// A client that asks for the address of what has just ended may wait for as
	// long as the suite lets it: packets to a pod that is gone are lost.
	const patience = 90 * time.Second
	config := newConfig(t)
	providertest.Run(t, func(t *testing.T) toygres.Provider { return newProvider(t, config) }, providertest.WithPatience(patience))
}
