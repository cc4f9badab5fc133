package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/toygres/toygres/openapi"
)

// changing is how a change came about.
type changing int

const (
	changedAtOnce changing = iota
	changedByOperation
)

// change asks for a change, waits if that is wanted, and has the instance
// printed when it is made.
func (a *app) change(ctx context.Context, name string, plan *string, request openapi.UpdateInstanceRequest, wait waiting, doing string, say func(io.Writer, *openapi.Instance, changing)) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	response, err := c.UpdateInstance(ctx, name, &openapi.UpdateInstanceParams{Plan: plan}, request)
	if err == nil && response.StatusCode == http.StatusOK {
		instance, err := decode[openapi.Instance](response, nil)
		if err != nil {
			return err
		}
		return a.print(instance, func(out io.Writer) { say(out, instance, changedAtOnce) })
	}
	operation, err := decode[openapi.Operation](response, err)
	if err != nil {
		return err
	}
	if !wait.wait {
		return a.printStarted(doing, operation)
	}
	operation, err = a.waitFor(ctx, c, operation.Id, wait.timeout)
	if err != nil {
		return a.printUnfinished(operation, err)
	}
	instance, err := decode[openapi.Instance](c.GetInstance(ctx, name))
	if err != nil {
		return err
	}
	return a.print(instance, func(out io.Writer) { say(out, instance, changedByOperation) })
}

func printChanged(out io.Writer, i *openapi.Instance, _ changing) {
	fmt.Fprintf(out, "%s is as asked\n", clean(i.Name))
}

// plan shows what a change would do.
func (a *app) plan(ctx context.Context, name string, request openapi.UpdateInstanceRequest) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	yes := true
	plan, err := decode[openapi.Plan](c.UpdateInstance(ctx, name, &openapi.UpdateInstanceParams{DryRun: &yes}, request))
	if err != nil {
		return err
	}
	return a.print(plan, func(out io.Writer) {
		if len(plan.Changes) == 0 {
			fmt.Fprintf(out, "%s is as asked: nothing would change\n", clean(name))
			return
		}
		var rows [][]string
		for _, change := range plan.Changes {
			rows = append(rows, []string{change.Field, text(change.From), text(change.To), string(change.Takes)})
		}
		a.columns(out, []string{"CHANGE", "FROM", "TO", "TAKES"}, rows)
		fmt.Fprintln(out)
		fields(out, "Steps", strings.Join(plan.Steps, ", "), "Interruption", plan.Interruption, "Fingerprint", plan.Fingerprint)
		a.hintf("Do just this with the same command and `--plan %s` in place of --dry-run.", plan.Fingerprint)
	})
}
