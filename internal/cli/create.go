package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// createCommand asks for a new instance.
func (a *app) createCommand() *cobra.Command {
	var asked createFlags
	var wait waiting
	cmd := &cobra.Command{
		Use:     "create NAME",
		GroupID: groupInstances,
		Short:   "Create an instance",
		Long: `Creates an instance. Without --wait it returns at once with the operation that
does it. What is not said is left to the server's defaults, see "toygres offer".`,
		Example: `  toygres create mydb --wait
  toygres create big --version 17 --cpu 4 --memory 16GiB --storage 100GiB
  toygres create tuned --set work_mem=64MB --set max_connections=200
  toygres create shared --public --allow 203.0.113.0/24,198.51.100.7/32`,
		Args: exactly(instanceName),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := asked.read(cmd, args[0])
			if err != nil {
				return err
			}
			return a.create(cmd.Context(), request, wait)
		},
	}
	asked.flags(a, cmd)
	wait.flags(cmd, "the instance is running")
	return cmd
}

// createFlags are the flags of every command that makes instances.
type createFlags struct {
	version                 int
	sizes                   sizeFlags
	imageType, runtimeImage string
	public                  bool
	allowed, set            []string
}

func (f *createFlags) flags(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.version, "version", 0, "PostgreSQL major version, for example 18")
	f.sizes.flags(cmd)
	flags.StringVar(&f.imageType, "image-type", "", "image type: stock or pg_durable")
	flags.StringVar(&f.runtimeImage, "runtime-image", "", "runtime image to run instead of the stock one, see \"toygres images list\"; its image type is stock")
	flags.BoolVar(&f.public, "public", false, "reachable from outside of where instances live")
	flags.StringSliceVar(&f.allowed, "allow", nil, "networks from which clients may come, for example 203.0.113.0/24; repeat it or separate by commas")
	flags.StringArrayVar(&f.set, "set", nil, "a PostgreSQL parameter to set, as name=value; may be repeated")
	complete(cmd, "image-type", "stock", "pg_durable")
	completeBy(cmd, "runtime-image", a.imagesLike)
}

// read returns the request for an instance, without what was not said.
func (f *createFlags) read(cmd *cobra.Command, name string) (openapi.CreateInstanceRequest, error) {
	request := openapi.CreateInstanceRequest{Name: name, ImageType: optional(f.imageType), RuntimeImage: optional(f.runtimeImage)}
	if cmd.Flags().Changed("version") {
		request.Version = &f.version
	}
	if f.public {
		request.Public = &f.public
	}
	if len(f.allowed) > 0 {
		request.AllowedCidrs = &f.allowed
	}
	parameters, err := assignments("set", f.set, "", nil)
	if err != nil {
		return request, err
	}
	if len(parameters) > 0 {
		values := map[string]string{}
		for name, value := range parameters {
			values[name] = *value
		}
		request.Parameters = &values
	}
	_, err = f.sizes.read(cmd, &request.CpuMillis, &request.MemoryMib, &request.StorageGib)
	return request, err
}

func (a *app) create(ctx context.Context, request openapi.CreateInstanceRequest, wait waiting) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	// One key for all tries of this command: a repeat creates nothing twice.
	key := uuid.NewString()
	operation, err := decode[openapi.Operation](c.CreateInstance(ctx, &openapi.CreateInstanceParams{IdempotencyKey: &key}, request))
	if err != nil {
		return err
	}
	if !wait.wait {
		return a.printStarted("Creating", operation)
	}
	operation, err = a.waitFor(ctx, c, operation.Id, wait.timeout)
	if err != nil {
		return a.printUnfinished(operation, err)
	}
	instance, err := decode[openapi.Instance](c.GetInstance(ctx, request.Name))
	if err != nil {
		return err
	}
	if err := a.print(instance, func(out io.Writer) { fmt.Fprintln(out, summary(instance)) }); err != nil {
		return err
	}
	a.hintf("Open a SQL shell with `toygres psql %s`, or get its URL with `toygres connect %s --url`.", request.Name, request.Name)
	return nil
}

// printStarted shows an operation that has just begun.
func (a *app) printStarted(doing string, operation *openapi.Operation) error {
	return a.print(operation, func(out io.Writer) {
		fmt.Fprintf(out, "%s %s, operation %s\n", doing, clean(operation.InstanceName), operation.Id)
		a.hintf("Follow it with `toygres operations get %s --wait`.", operation.Id)
	})
}

// printUnfinished gives scripts the operation that failed or goes on, and
// returns err.
func (a *app) printUnfinished(operation *openapi.Operation, err error) error {
	if operation == nil || a.output == formatTable {
		return err
	}
	if printErr := a.print(operation, nil); printErr != nil {
		return printErr
	}
	return err
}

// summary says in one line how an instance is.
func summary(i *openapi.Instance) string {
	line := fmt.Sprintf("%s is %s: PostgreSQL %s", clean(i.Name), clean(string(i.State)), clean(serverVersion(i)))
	if i.Endpoint != nil && i.State == openapi.InstanceStateRunning {
		line += " at " + clean(endpoint(i))
	}
	return line
}
