package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// searchAttributes let operators find an instance's workflows in Temporal Web.
var searchAttributes = map[string]enumspb.IndexedValueType{
	"ToygresInstance":  enumspb.INDEXED_VALUE_TYPE_KEYWORD, // name of the instance
	"ToygresOperation": enumspb.INDEXED_VALUE_TYPE_KEYWORD, // id of the operation
}

// prepareNamespace creates the namespace and the search attributes that are missing and waits until the server lets
// them be used: it learns of a new namespace by polling its own database.
func prepareNamespace(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var c client.Client
	err := retry(ctx, func() (err error) {
		c, err = client.DialContext(ctx, client.Options{HostPort: o.frontend(), Namespace: o.namespace, Logger: silent{}})
		return err
	})
	if err != nil {
		return fmt.Errorf("connect to the server: %w", err)
	}
	defer c.Close()

	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        o.namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(o.retention),
	})
	if exists := (*serviceerror.NamespaceAlreadyExists)(nil); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create namespace %s: %w", o.namespace, err)
	}
	if err := retry(ctx, func() error { return addSearchAttributes(ctx, c, o.namespace) }); err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	for name := range searchAttributes {
		err := retry(ctx, func() error {
			_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
				Namespace: o.namespace, Query: name + ` = "none"`})
			return err
		})
		if err != nil {
			return fmt.Errorf("use search attribute %s: %w", name, err)
		}
	}
	return nil
}

func addSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return err
	}
	missing := maps.Clone(searchAttributes)
	maps.DeleteFunc(missing, func(name string, _ enumspb.IndexedValueType) bool {
		_, has := list.GetCustomAttributes()[name]
		return has
	})
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing})
	return err
}

// retry calls f until it succeeds or ctx is done, and returns its last error.
func retry(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// silent drops what the client would log: run reports the errors that matter.
type silent struct{}

var _ log.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
