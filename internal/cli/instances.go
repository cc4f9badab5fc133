package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) listCommand() *cobra.Command {
	var states, tags []string
	var version int
	var search, health, image, sort string
	var deleted, public bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		GroupID: groupInstances,
		Short:   "List instances",
		Example: `  toygres list --state running,stopped
  toygres list --search shop -o json
  toygres list --tag team=shop --health unhealthy --sort name`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var params openapi.ListInstancesParams
			chosen, err := choices("state", states, openapi.InstanceState.Valid)
			if err != nil {
				return err
			}
			params.State = chosen
			if cmd.Flags().Changed("version") {
				params.Version = &version
			}
			params.Search = optional(search)
			if params.Health, err = choice("health", health, openapi.Health.Valid); err != nil {
				return err
			}
			if params.Sort, err = choice("sort", sort, openapi.InstanceOrder.Valid); err != nil {
				return err
			}
			if cmd.Flags().Changed("public") {
				params.Public = &public
			}
			if len(tags) > 0 {
				params.Tag = &tags
			}
			params.RuntimeImage = optional(image)
			params.Deleted = &deleted
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := allInstances(cmd.Context(), c, params)
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				if deleted {
					a.printTrash(out, list.Items)
					return
				}
				if len(list.Items) == 0 {
					a.hintf("No instances. Create one with `toygres create NAME --wait`.")
				}
				var rows [][]string
				for _, i := range list.Items {
					rows = append(rows, []string{i.Name, string(i.State), string(i.Health), serverVersion(&i), endpoint(&i),
						showCPU(i.CpuMillis), showMiB(i.MemoryMib), showMiB(i.StorageGib * 1024), showAge(a.now().Sub(i.CreatedAt))})
				}
				a.columns(out, []string{"NAME", "STATE", "HEALTH", "VERSION", "ENDPOINT", "CPU", "MEMORY", "STORAGE", "AGE"}, rows)
			})
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only instances in these states")
	cmd.Flags().IntVar(&version, "version", 0, "only this PostgreSQL major version")
	cmd.Flags().StringVar(&search, "search", "", "only instances whose name or display name contains this text")
	cmd.Flags().StringVar(&health, "health", "", "only instances with this health")
	cmd.Flags().BoolVar(&public, "public", false, "only public instances, or with --public=false only internal ones")
	cmd.Flags().StringArrayVar(&tags, "tag", nil, "only instances with this tag, as name or name=value; may be repeated")
	cmd.Flags().StringVar(&image, "runtime-image", "", "only instances that run this runtime image")
	cmd.Flags().StringVar(&sort, "sort", "", "what to sort by, with a minus from the end (default -created_at)")
	cmd.Flags().BoolVar(&deleted, "deleted", false, "only instances in the trash, which are not listed otherwise")
	complete(cmd, "state", "creating", "running", "stopping", "stopped", "starting", "restarting", "updating", "deleting", "trashed", "deleted", "failed")
	complete(cmd, "health", "healthy", "unhealthy", "unknown")
	completeBy(cmd, "runtime-image", a.imagesLike)
	complete(cmd, "sort", "created_at", "-created_at", "name", "-name", "state", "-state", "version", "-version", "storage_gib", "-storage_gib")
	return cmd
}

// printTrash shows until when what is in the trash can be brought back.
func (a *app) printTrash(out io.Writer, instances []openapi.Instance) {
	if len(instances) == 0 {
		a.hintf("No deleted instances.")
	}
	var rows [][]string
	for _, i := range instances {
		left := "" // it is being removed
		if i.PurgeAt != nil && i.State == openapi.InstanceStateTrashed {
			left = showAge(max(i.PurgeAt.Sub(a.now()), 0))
		}
		rows = append(rows, []string{i.Name, string(i.State), serverVersion(&i), showMiB(i.StorageGib * 1024), showAge(a.now().Sub(i.CreatedAt)), left})
	}
	a.columns(out, []string{"NAME", "STATE", "VERSION", "STORAGE", "AGE", "TIME LEFT"}, rows)
}

// choices checks the values of a flag that takes several; nil for none.
func choices[T ~string](flag string, values []string, valid func(T) bool) (*[]T, error) {
	if len(values) == 0 {
		return nil, nil
	}
	chosen := make([]T, len(values))
	for i, value := range values {
		chosen[i] = T(value)
		if !valid(chosen[i]) {
			return nil, usagef("--%s: there is no %s %q", flag, flag, value)
		}
	}
	return &chosen, nil
}

// choice checks the value of a flag that takes one of a few; nil for none.
func choice[T ~string](flag, value string, valid func(T) bool) (*T, error) {
	if value == "" {
		return nil, nil
	}
	chosen, err := choices(flag, []string{value}, valid)
	if err != nil {
		return nil, err
	}
	return &(*chosen)[0], nil
}

// allInstances reads every page.
func allInstances(ctx context.Context, c *client, params openapi.ListInstancesParams) (*openapi.InstanceList, error) {
	instances, err := pages(everything, func(cursor *string, size *int) ([]openapi.Instance, *string, error) {
		params.Cursor, params.Limit = cursor, size
		page, err := decode[openapi.InstanceList](c.ListInstances(ctx, &params))
		if err != nil {
			return nil, nil, err
		}
		return page.Items, page.NextCursor, nil
	})
	return &openapi.InstanceList{Items: instances}, err
}

func (a *app) getCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "get NAME",
		GroupID:           groupInstances,
		Short:             "Show an instance",
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			instance, err := decode[openapi.Instance](c.GetInstance(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			return a.printInstance(instance)
		},
	}
}

func (a *app) printInstance(i *openapi.Instance) error {
	return a.print(i, func(out io.Writer) {
		operation := ""
		if i.OperationId != nil {
			operation = i.OperationId.String()
		}
		fields(out, "Name", i.Name, "Display name", text(i.DisplayName), "Description", text(i.Description), "Tags", assigned(i.Tags),
			"Deletion protection", ifSet(i.DeletionProtection, "on"), "Monitoring", ifSet(!i.Monitored, "off"),
			"State", string(i.State), "Health", healthOf(i.Health, i.HealthMessage), "Message", text(i.Message),
			"Operation", operation, "PostgreSQL", serverVersion(i), "Upgrade available", text(i.UpgradeAvailable), "Image type", string(i.ImageType),
			"Runtime image", text(i.RuntimeImage), "Image reference", text(i.RuntimeImageReference), "Endpoint", endpoint(i),
			"Public", yesNo(i.Public), "Allowed networks", strings.Join(i.AllowedCidrs, ", "),
			"Parameters", assigned(i.Parameters), "CPU", showCPU(i.CpuMillis), "Memory", showMiB(i.MemoryMib), "Storage", showMiB(i.StorageGib*1024),
			"Provider", i.Provider, "Id", i.Id.String(), "Removed for good", stamp(i.PurgeAt),
			"Created", fmt.Sprintf("%s (%s ago)", stamp(&i.CreatedAt), showAge(a.now().Sub(i.CreatedAt))),
			"Changed", fmt.Sprintf("%s (%s ago)", stamp(&i.UpdatedAt), showAge(a.now().Sub(i.UpdatedAt))))
	})
}

// ifSet is word where it is to be said, and otherwise nothing.
func ifSet(set bool, word string) string {
	if set {
		return word
	}
	return ""
}

func assigned(tags map[string]string) string {
	var shown []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		shown = append(shown, name+"="+tags[name])
	}
	return strings.Join(shown, ", ")
}

// healthOf is the health with the reason, where there is one.
func healthOf(health openapi.Health, message *string) string {
	if reason := text(message); reason != "" {
		return string(health) + ": " + reason
	}
	return string(health)
}

// serverVersion is the full version where it is known, else the major one.
// The server may add words about its build, which say little in a table.
func serverVersion(i *openapi.Instance) string {
	version, _, _ := strings.Cut(text(i.ServerVersion), " ")
	if version == "" {
		return strconv.Itoa(i.Version)
	}
	return version
}

// endpoint is where clients reach the instance; "" until it is known.
func endpoint(i *openapi.Instance) string {
	if i.Endpoint == nil {
		return ""
	}
	return net.JoinHostPort(i.Endpoint.Host, strconv.Itoa(i.Endpoint.Port))
}
