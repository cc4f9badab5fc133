package oidc

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoMoreCodesAreRedeemedAtOnceThanTheProviderShouldBear(t *testing.T) {
	t.Parallel()
	providers, err := New([]Config{{Name: "idp", Issuer: "https://127.0.0.1:1", ClientID: "toygres", AllowedDomains: []string{"*"}, DefaultRole: "viewer"}},
		"https://toygres.test")
	require.NoError(t, err)
	p := providers["idp"]
	for range exchangesAtOnce {
		require.True(t, p.turns.TryAcquire(1))
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.Finish(impatient, NewFlow("idp", "/"), "a code")
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, ReasonUnavailable, refusal.Reason)
	require.ErrorContains(t, err, "too many others")
}
