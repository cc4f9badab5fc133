package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long a namespace that we make keeps closed workflows.
const retention = 7 * 24 * time.Hour

// Prepare makes sure that the namespace exists and has the keyword search
// attributes, until ctx ends, and waits until they can be used. What exists is left
// as it is. It needs the rights of an operator, which Temporal Cloud gives to no client.
func Prepare(ctx context.Context, c client.Client, namespace string, attributes ...string) error {
	err := persist(ctx, func() error {
		_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		var missing *serviceerror.NamespaceNotFound
		if !errors.As(err, &missing) {
			return err
		}
		_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention)})
		var exists *serviceerror.NamespaceAlreadyExists
		if errors.As(err, &exists) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("make namespace %s: %w", namespace, err)
	}
	err = persist(ctx, func() error { return addSearchAttributes(ctx, c, namespace, attributes) })
	if err != nil {
		return fmt.Errorf("add search attributes to namespace %s: %w", namespace, err)
	}
	for _, name := range attributes {
		err := persist(ctx, func() error {
			_, err := c.WorkflowService().CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{
				Namespace: namespace, Query: name + " = 'none'"})
			return err
		})
		if err != nil {
			return fmt.Errorf("use search attribute %s: %w", name, err)
		}
	}
	return nil
}

func addSearchAttributes(ctx context.Context, c client.Client, namespace string, attributes []string) error {
	list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range attributes {
		if _, has := list.GetCustomAttributes()[name]; !has {
			missing[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing})
	return err
}

// persist calls f until it succeeds, is refused for good, or ctx ends.
func persist(ctx context.Context, f func() error) error {
	for {
		err := f()
		var denied *serviceerror.PermissionDenied
		if err == nil || errors.As(err, &denied) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(250 * time.Millisecond):
		}
	}
}
