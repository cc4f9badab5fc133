package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// sizeFlags are the sizes of an instance, as people write them.
type sizeFlags struct{ cpu, memory, storage string }

func (s *sizeFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.cpu, "cpu", "", "cores, for example 2, 0.5 or 500m")
	cmd.Flags().StringVar(&s.memory, "memory", "", "memory, for example 512MiB or 4GiB")
	cmd.Flags().StringVar(&s.storage, "storage", "", "storage, for example 10GiB or 1TiB")
}

// read sets what was said, and reports whether anything was.
func (s *sizeFlags) read(cmd *cobra.Command, cpuMillis, memoryMiB, storageGiB **int) (said bool, err error) {
	for _, size := range []struct {
		flag, value string
		parse       func(string) (int, error)
		target      **int
	}{
		{"cpu", s.cpu, parseCPU, cpuMillis},
		{"memory", s.memory, parseSize, memoryMiB},
		{"storage", s.storage, parseGiB, storageGiB},
	} {
		if !cmd.Flags().Changed(size.flag) {
			continue
		}
		n, err := size.parse(size.value)
		if err != nil {
			return said, usagef("--%s: %v", size.flag, err)
		}
		*size.target, said = &n, true
	}
	return said, nil
}

func (a *app) resizeCommand() *cobra.Command {
	var sizes sizeFlags
	var wait waiting
	cmd := &cobra.Command{
		Use:     "resize NAME",
		GroupID: groupInstances,
		Short:   "Give an instance other CPU, memory or storage; a running one restarts",
		Long: `Gives an instance other CPU, memory or storage. What is not said stays as it is.
A running server starts anew with its new size, which cuts connections; a
stopped one stays stopped. Storage can only grow.`,
		Example: `  toygres resize mydb --cpu 2 --memory 4GiB --wait
  toygres resize mydb --storage 100GiB`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var request openapi.UpdateInstanceRequest
			said, err := sizes.read(cmd, &request.CpuMillis, &request.MemoryMib, &request.StorageGib)
			if err != nil {
				return err
			}
			if !said {
				return usagef("say what to change: --cpu, --memory or --storage")
			}
			return a.resize(cmd.Context(), args[0], request, wait)
		},
	}
	sizes.flags(cmd)
	wait.flags(cmd, "the instance has its new size")
	return cmd
}

func (a *app) resize(ctx context.Context, name string, request openapi.UpdateInstanceRequest, wait waiting) error {
	return a.change(ctx, name, nil, request, wait, "Resizing", func(out io.Writer, i *openapi.Instance, at changing) {
		if at == changedAtOnce {
			fmt.Fprintf(out, "%s has %s already\n", clean(i.Name), sizeOf(i))
			return
		}
		fmt.Fprintf(out, "%s has %s and is %s\n", clean(i.Name), sizeOf(i), clean(string(i.State)))
	})
}

// sizeOf says how much an instance has.
func sizeOf(i *openapi.Instance) string { return showSize(i.CpuMillis, i.MemoryMib, i.StorageGib) }

func showSize(cpuMillis, memoryMiB, storageGiB int) string {
	return fmt.Sprintf("%s CPU, %s of memory and %s of storage", showCPU(cpuMillis), showMiB(memoryMiB), showMiB(storageGiB*1024))
}
