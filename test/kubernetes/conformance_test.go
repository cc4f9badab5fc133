package kubernetes_test

import (
	"testing"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	providertest.Run(t, func(t *testing.T) toygres.Provider { return newProvider(t, config) })
}
