package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// createCommand asks for a new instance.
func (a *app) createCommand() *cobra.Command {
	var asked createFlags
	var wait waiting
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "create NAME",
		GroupID: groupInstances,
		Short:   "Create an instance",
		Long: `Creates an instance. Without --wait it returns at once with the operation that
does it. What is not said is left to the server's defaults, see "toygres offer".
--dry-run creates nothing, and says what would be made or why it can't be.`,
		Example: `  toygres create mydb --wait
  toygres create big --version 17 --cpu 4 --memory 16GiB --storage 100GiB
  toygres create tuned --set work_mem=64MB --set max_connections=200
  toygres create shared --public --allow 203.0.113.0/24,198.51.100.7/32
  toygres create orders --tag team=shop --description "Orders of the shop" --protect`,
		Args: exactly(instanceName),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := asked.read(cmd, args[0])
			if err != nil {
				return err
			}
			if dryRun {
				return a.planCreate(cmd.Context(), request)
			}
			return a.create(cmd.Context(), request, wait)
		},
	}
	asked.flags(a, cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "create nothing, and say what would be made")
	wait.flags(cmd, "the instance is running")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "wait")
	return cmd
}

// createFlags are the flags of every command that makes instances.
type createFlags struct {
	version                 int
	sizes                   sizeFlags
	imageType, runtimeImage string
	public                  bool
	allowed, set            []string
	displayName             string
	description             string
	tags                    []string
	protect, noMonitor      bool
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
	flags.StringVar(&f.displayName, "display-name", "", "one line beside the name, for people")
	flags.StringVar(&f.description, "description", "", "what it is for")
	flags.StringArrayVar(&f.tags, "tag", nil, "a tag, as name=value; may be repeated")
	flags.BoolVar(&f.protect, "protect", false, "refuse to delete it")
	flags.BoolVar(&f.noMonitor, "no-monitor", false, "don't watch its health")
	complete(cmd, "image-type", "stock", "pg_durable")
	completeBy(cmd, "runtime-image", a.imagesLike)
}

// read returns the request for an instance, without what was not said.
func (f *createFlags) read(cmd *cobra.Command, name string) (openapi.CreateInstanceRequest, error) {
	request := openapi.CreateInstanceRequest{Name: name, ImageType: optional(f.imageType), RuntimeImage: optional(f.runtimeImage),
		DisplayName: optional(f.displayName), Description: optional(f.description)}
	var err error
	if request.Tags, err = given("tag", f.tags); err != nil {
		return request, err
	}
	if f.protect {
		request.DeletionProtection = &f.protect
	}
	if f.noMonitor {
		request.Monitored = new(bool)
	}
	if cmd.Flags().Changed("version") {
		request.Version = &f.version
	}
	if f.public {
		request.Public = &f.public
	}
	if len(f.allowed) > 0 {
		request.AllowedCidrs = &f.allowed
	}
	if request.Parameters, err = given("set", f.set); err != nil {
		return request, err
	}
	_, err = f.sizes.read(cmd, &request.CpuMillis, &request.MemoryMib, &request.StorageGib)
	return request, err
}

// given reads a flag that sets names to values; nil for none.
func given(flag string, set []string) (*map[string]string, error) {
	all, err := assignments(flag, set, "", nil)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	values := make(map[string]string, len(all))
	for name, value := range all {
		values[name] = *value
	}
	return &values, nil
}

func (a *app) planCreate(ctx context.Context, request openapi.CreateInstanceRequest) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	yes := true
	plan, err := decode[openapi.InstancePlan](c.CreateInstance(ctx, &openapi.CreateInstanceParams{DryRun: &yes}, request))
	if err != nil {
		return err
	}
	return a.print(plan, func(out io.Writer) {
		planFields(out, plan.Name, plan)
		a.hintf("Nothing was created. Do it with the same command without --dry-run.")
	})
}

func planFields(out io.Writer, name string, plan *openapi.InstancePlan) {
	fields(out, "Name", name, "PostgreSQL", strconv.Itoa(plan.Version), "Image type", string(plan.ImageType),
		"Runtime image", text(plan.RuntimeImage), "CPU", showCPU(plan.CpuMillis), "Memory", showMiB(plan.MemoryMib),
		"Storage", showMiB(plan.StorageGib*1024), "Public", yesNo(plan.Public), "Allowed networks", strings.Join(plan.AllowedCidrs, ", "),
		"Parameters", assigned(plan.Parameters), "Steps", strings.Join(plan.Steps, ", "))
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
