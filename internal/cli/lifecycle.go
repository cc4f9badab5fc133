package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) stopCommand() *cobra.Command {
	return a.lifecycleCommand(&cobra.Command{
		Use:   "stop NAME",
		Short: "Stop an instance, keeping its data",
	}, "it has stopped", openapi.InstanceStateStopped, func(ctx context.Context, c *client, name string) (*http.Response, error) {
		return c.StopInstance(ctx, name)
	})
}

func (a *app) startCommand() *cobra.Command {
	return a.lifecycleCommand(&cobra.Command{
		Use:   "start NAME",
		Short: "Start a stopped instance",
	}, "it accepts connections", openapi.InstanceStateRunning, func(ctx context.Context, c *client, name string) (*http.Response, error) {
		return c.StartInstance(ctx, name)
	})
}

func (a *app) restartCommand() *cobra.Command {
	return a.lifecycleCommand(&cobra.Command{
		Use:   "restart NAME",
		Short: "Restart a running instance; open connections are cut",
	}, "it accepts connections again", openapi.InstanceStateRunning, func(ctx context.Context, c *client, name string) (*http.Response, error) {
		return c.RestartInstance(ctx, name)
	})
}

// undeleteCommand waits for whatever the instance was before it was deleted.
func (a *app) undeleteCommand() *cobra.Command {
	return a.lifecycleCommand(&cobra.Command{
		Use:   "undelete NAME",
		Short: "Bring a deleted instance back from the trash",
	}, "it is as before", "", func(ctx context.Context, c *client, name string) (*http.Response, error) {
		return c.UndeleteInstance(ctx, name)
	})
}

// lifecycleCommand completes a command that asks for a state directly.
func (a *app) lifecycleCommand(cmd *cobra.Command, until string, want openapi.InstanceState, ask func(context.Context, *client, string) (*http.Response, error)) *cobra.Command {
	var wait waiting
	cmd.GroupID = groupInstances
	cmd.Args = exactly(instanceName)
	cmd.ValidArgsFunction = a.completeNames
	wait.flags(cmd, until)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.connect()
		if err != nil {
			return err
		}
		instance, err := decode[openapi.Instance](ask(cmd.Context(), c, args[0]))
		if err != nil {
			return err
		}
		if wait.wait {
			var unfinished error
			instance, unfinished = a.reach(cmd.Context(), c, instance, want, wait)
			if unfinished != nil {
				return unfinished
			}
		}
		return a.print(instance, func(out io.Writer) { fmt.Fprintln(out, summary(instance)) })
	}
	return cmd
}

// reach waits until the instance is in the state that was asked for; "" is any
// in which it is of use.
func (a *app) reach(ctx context.Context, c *client, instance *openapi.Instance, want openapi.InstanceState, wait waiting) (*openapi.Instance, error) {
	if instance.OperationId != nil {
		if operation, err := a.waitFor(ctx, c, *instance.OperationId, wait.timeout); err != nil {
			return nil, a.printUnfinished(operation, err)
		}
	}
	instance, err := a.waitSettled(ctx, c, instance.Name, wait.timeout)
	if err != nil {
		return nil, err
	}
	if instance.State != want && (want != "" || instance.State == openapi.InstanceStateFailed) {
		message := fmt.Sprintf("%s is %s", instance.Name, instance.State)
		if reason := text(instance.Message); reason != "" {
			message += ": " + reason
		}
		return nil, &failure{code: exitOperation, message: message, hint: fmt.Sprintf("see what happened with `toygres events --instance %s`", instance.Name)}
	}
	return instance, nil
}
