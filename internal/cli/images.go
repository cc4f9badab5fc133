package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

const imageName = "the runtime image's name"

func (a *app) imagesCommand() *cobra.Command {
	cmd := group("images", "Runtime images, which instances may run instead of the stock one")
	cmd.GroupID = groupInstances
	cmd.AddCommand(a.imagesListCommand(), a.imagesGetCommand(), a.imagesRegisterCommand(), a.imagesDeleteCommand())
	return cmd
}

func (a *app) imagesListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List runtime images",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			list, err := decode[openapi.RuntimeImageList](c.ListRuntimeImages(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(list, func(out io.Writer) {
				if len(list.Items) == 0 {
					a.hintf("No runtime images. An administrator registers them with `toygres images register`.")
				}
				var rows [][]string
				for _, i := range list.Items {
					short, _ := strings.CutPrefix(i.Digest, "sha256:")
					rows = append(rows, []string{i.Name, i.Reference, short[:min(len(short), 12)], fmt.Sprint(i.Instances),
						showAge(a.now().Sub(i.CreatedAt)), i.Description})
				}
				a.columns(out, []string{"NAME", "REFERENCE", "DIGEST", "INSTANCES", "AGE", "DESCRIPTION"}, rows)
			})
		},
	}
}

func (a *app) imagesGetCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "get NAME",
		Short:             "Show a runtime image",
		Args:              exactly(imageName),
		ValidArgsFunction: a.completeImages,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			image, err := decode[openapi.RuntimeImage](c.GetRuntimeImage(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			return a.printImage(image)
		},
	}
}

func (a *app) imagesRegisterCommand() *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use:   "register NAME REFERENCE@DIGEST",
		Short: "Let instances run an image",
		Long: `Lets instances run a container image, which is pinned by its digest and comes
from the registry that "toygres offer" names. Needs the role admin.`,
		Example: `  toygres images register postgis registry.example.com/team/postgis@sha256:1b2c… --description "PostgreSQL 18 with PostGIS"
  toygres create maps --runtime-image postgis --wait`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "" || !strings.Contains(args[1], "@") {
				return usagef("`%s` takes two arguments: %s, and its reference with the digest, such as registry.example.com/team/postgis@sha256:1b2c…", cmd.CommandPath(), imageName)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			reference, digest, _ := strings.Cut(args[1], "@")
			image, err := decode[openapi.RuntimeImage](c.RegisterRuntimeImage(cmd.Context(), openapi.RegisterRuntimeImageRequest{
				Name: args[0], Reference: reference, Digest: digest, Description: optional(description)}))
			if err != nil {
				return err
			}
			a.hintf("Run it with `toygres create NAME --runtime-image %s`.", args[0])
			return a.printImage(image)
		},
	}
	cmd.Flags().StringVar(&description, "description", "", "what it is, for those who choose one")
	return cmd
}

func (a *app) imagesDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "delete NAME",
		Short:             "Take an image that no instance uses from the list; needs the role admin",
		Args:              exactly(imageName),
		ValidArgsFunction: a.completeImages,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			if err := done(c.DeleteRuntimeImage(cmd.Context(), args[0])); err != nil {
				return err
			}
			if a.output != formatTable {
				return nil
			}
			return a.printf("Deleted %s\n", clean(args[0]))
		},
	}
}

func (a *app) printImage(i *openapi.RuntimeImage) error {
	return a.print(i, func(out io.Writer) {
		fields(out, "Name", i.Name, "Reference", i.Reference, "Digest", i.Digest, "Description", i.Description,
			"Instances", fmt.Sprint(i.Instances), "Registered", fmt.Sprintf("%s (%s ago)", stamp(&i.CreatedAt), showAge(a.now().Sub(i.CreatedAt))))
	})
}

// completeImages completes a runtime image's name by asking the server.
func (a *app) completeImages(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.imagesLike(cmd.Context(), typed), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) imagesLike(ctx context.Context, typed string) []string {
	ctx, cancel := completionTime(ctx)
	defer cancel()
	c, err := a.connect()
	if err != nil {
		return nil
	}
	list, err := decode[openapi.RuntimeImageList](c.ListRuntimeImages(ctx))
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range list.Items {
		if strings.HasPrefix(i.Name, typed) {
			names = append(names, clean(i.Name)+"\t"+clean(i.Description))
		}
	}
	return names
}
