package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) offerCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "offer",
		Aliases: []string{"versions"},
		GroupID: groupInstances,
		Short:   "Show which versions and sizes can be asked for",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect()
			if err != nil {
				return err
			}
			offer, err := decode[openapi.Offer](c.GetOffer(cmd.Context()))
			if err != nil {
				return err
			}
			return a.print(offer, func(out io.Writer) {
				var versions, types []string
				for _, v := range offer.Versions {
					versions = append(versions, fmt.Sprint(v))
				}
				for _, t := range offer.ImageTypes {
					types = append(types, string(t))
				}
				between := func(r openapi.Range, show func(int) string) []string {
					return []string{show(r.Min) + " to " + show(r.Max), show(r.Default)}
				}
				gib := func(n int) string { return showMiB(n * 1024) }
				a.columns(out, []string{"FLAG", "OFFERED", "DEFAULT"}, [][]string{
					{"--version", strings.Join(versions, ", "), fmt.Sprint(offer.DefaultVersion)},
					append([]string{"--cpu"}, between(offer.CpuMillis, showCPU)...),
					append([]string{"--memory"}, between(offer.MemoryMib, showMiB)...),
					append([]string{"--storage"}, between(offer.StorageGib, gib)...),
					{"--image-type", strings.Join(types, ", "), ""},
					{"--runtime-image", fromRegistry(offer), ""},
					{"--public", yesNo(offer.Public), "no"},
				})
				if keep := time.Duration(offer.KeepDeletedSeconds) * time.Second; keep > 0 {
					fmt.Fprintf(out, "\nDeleted instances can be brought back for %s.\n", showAge(keep))
				}
			})
		},
	}
}

func fromRegistry(offer *openapi.Offer) string {
	if registry := text(offer.RuntimeRegistry); registry != "" {
		return "images registered from " + registry
	}
	return "no"
}
