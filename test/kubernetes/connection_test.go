package kubernetes_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/activities"
)

// unwritten is the journal of steps that nobody reads.
type unwritten struct{}

func (unwritten) StepStarted(context.Context, toygres.OperationID, toygres.StepName, int) error {
	return nil
}
func (unwritten) StepProgress(context.Context, toygres.OperationID, toygres.StepName, string) error {
	return nil
}
func (unwritten) StepFailed(context.Context, toygres.OperationID, toygres.StepName, int, string, time.Time) error {
	return nil
}
func (unwritten) StepSucceeded(context.Context, toygres.OperationID, toygres.StepName, int) error {
	return nil
}

// withCA replaces the CA in a provider's credentials.
type withCA struct {
	from activities.Credentials
	ca   string
}

func (w withCA) Credentials(ctx context.Context, id toygres.InstanceID) (toygres.Credentials, error) {
	c, err := w.from.Credentials(ctx, id)
	c.CA = w.ca
	return c, err
}

func TestTheConnectionTestVerifiesTheServer(t *testing.T) {
	t.Parallel()
	mine, theirs := newProvider(t, newConfig(t)), newProvider(t, newConfig(t))
	id, other := provision(t, mine), provision(t, theirs)
	o, err := mine.Observe(t.Context(), id)
	require.NoError(t, err)
	stranger, err := theirs.Credentials(t.Context(), other)
	require.NoError(t, err)

	test := func(credentials activities.Credentials) (result activities.TestConnectionResult, err error) {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestActivityEnvironment()
		connections := &activities.Connections{Credentials: credentials, Journal: unwritten{}}
		env.RegisterActivity(connections)
		value, err := env.ExecuteActivity(connections.TestConnection, activities.TestConnectionInput{InstanceID: id, Endpoint: o.Endpoint})
		if err != nil {
			return result, err
		}
		return result, value.Get(&result)
	}
	result, err := test(mine)
	require.NoError(t, err)
	require.Regexp(t, `^18\.`, result.ServerVersion)
	_, err = test(withCA{mine, stranger.CA})
	require.ErrorContains(t, err, "certificate signed by unknown authority")
}
