package local

import (
	"testing"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/providers/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T) toygres.Provider {
		return newProvider(t, newConfig(t, newDir(t)))
	})
}
