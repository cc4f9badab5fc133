package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/dev/kubernetes/cluster"
	"github.com/toygres/toygres/dev/kubernetes/image"
)

func commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "kubernetes",
		Short: "Clusters of one node for development and tests",
		Long: "Clusters of one node for development and tests.\n\n" +
			"The programs of Kubernetes are commands, too: etcd, kube-apiserver, kube-controller-manager, kube-scheduler,\n" +
			"kubelet, kube-proxy, coredns and kubectl.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(upCommand(), downCommand(), statusCommand(), imageCommand(), nodeCommand())
	return root
}

// stateFlag says which cluster a command is about.
func stateFlag(command *cobra.Command) *string {
	state := command.Flags().String("state", "", "`directory` that holds all of the cluster")
	_ = command.MarkFlagRequired("state")
	return state
}

func upCommand() *cobra.Command {
	command := &cobra.Command{Use: "up", Short: "Start the cluster, and wait until it can be used", Args: cobra.NoArgs}
	state := stateFlag(command)
	images := command.Flags().StringArray("image", nil, "import the images of this `archive`")
	pause := command.Flags().String("pause", "", "`archive` of the pause image, which every pod needs")
	patience := command.Flags().Duration("timeout", 3*time.Minute, "how `long` to wait")
	_ = command.MarkFlagRequired("pause")
	command.RunE = func(command *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(command.Context(), *patience)
		defer cancel()
		c, err := cluster.Up(ctx, *state, append([]string{*pause}, *images...), os.Stdout)
		if err != nil {
			return err
		}
		fmt.Printf("export KUBECONFIG=%s\n", c.Kubeconfig())
		return nil
	}
	return command
}

func downCommand() *cobra.Command {
	command := &cobra.Command{Use: "down", Short: "Stop the cluster, and remove it", Args: cobra.NoArgs}
	state := stateFlag(command)
	keep := command.Flags().Bool("keep", false, "keep everything for the next start")
	command.RunE = func(command *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(command.Context(), 3*time.Minute)
		defer cancel()
		return cluster.Down(ctx, *state, *keep)
	}
	return command
}

func statusCommand() *cobra.Command {
	command := &cobra.Command{Use: "status", Short: "Show what runs", Args: cobra.NoArgs}
	state := stateFlag(command)
	output := command.Flags().StringP("output", "o", "", "json, or nothing for people")
	command.RunE = func(*cobra.Command, []string) error {
		status, err := cluster.GetStatus(*state)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no cluster in %s", *state)
		}
		if err != nil {
			return err
		}
		if *output == "json" {
			encoder := json.NewEncoder(os.Stdout)
			encoder.SetIndent("", "  ")
			return encoder.Encode(status)
		}
		show(status)
		return nil
	}
	return command
}

func show(status cluster.Status) {
	if !status.Running {
		fmt.Println("The cluster does not run.")
		return
	}
	fmt.Printf("%s, %d MB in all\n", status.API, status.RSS>>20)
	fmt.Printf("%-24s %8s %8s %8s\n", "", "PID", "MB", "restarts")
	fmt.Printf("%-24s %8d %8d\n", "node", status.Node.PID, status.Node.RSS>>20)
	for _, name := range slices.Sorted(maps.Keys(status.Programs)) {
		p := status.Programs[name]
		fmt.Printf("%-24s %8d %8d %8d\n", name, p.PID, p.RSS>>20, p.Restarts)
	}
	fmt.Printf("logs in %s\nexport KUBECONFIG=%s\n", status.Logs, status.Kubeconfig)
}

func nodeCommand() *cobra.Command {
	command := &cobra.Command{Use: "node", Hidden: true, Args: cobra.NoArgs}
	state := stateFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error { return cluster.RunNode(command.Context(), *state) }
	return command
}

func imageCommand() *cobra.Command {
	command := &cobra.Command{Use: "image", Short: "Make images without a registry, and import them"}
	command.AddCommand(imageImportCommand(), imageProgramCommand(), imageDebianCommand(), imagePostgresCommand())
	return command
}

func imageImportCommand() *cobra.Command {
	command := &cobra.Command{Use: "import ARCHIVE...", Short: "Import images into a running cluster", Args: cobra.MinimumNArgs(1)}
	state := stateFlag(command)
	command.RunE = func(command *cobra.Command, archives []string) error {
		for _, archive := range archives {
			if err := cluster.Import(command.Context(), *state, archive); err != nil {
				return err
			}
		}
		return nil
	}
	return command
}

// outFlag says where an image goes.
func outFlag(command *cobra.Command) *string {
	out := command.Flags().String("out", "", "`file` to write")
	_ = command.MarkFlagRequired("out")
	return out
}

func imageProgramCommand() *cobra.Command {
	command := &cobra.Command{
		Use: "program REFERENCE PROGRAM...", Short: "Make an image that holds static programs and runs the first", Args: cobra.MinimumNArgs(2),
	}
	out := outFlag(command)
	command.RunE = func(_ *cobra.Command, args []string) error { return image.Program(*out, args[0], args[1:]...) }
	return command
}

func imageDebianCommand() *cobra.Command {
	command := &cobra.Command{Use: "debian", Short: "Make the layer that PostgreSQL images stand on", Args: cobra.NoArgs}
	out := outFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error { return image.Debian(command.Context(), *out) }
	return command
}

func imagePostgresCommand() *cobra.Command {
	command := &cobra.Command{Use: "postgres", Short: "Make the image postgres:<major>", Args: cobra.NoArgs}
	out := outFlag(command)
	major := command.Flags().Int("major", 0, "PostgreSQL's major `version`")
	prefix := command.Flags().String("prefix", "", "`directory` where PostgreSQL is installed")
	debian := command.Flags().String("debian", "", "`layer` that the command debian made")
	for _, name := range []string{"major", "prefix", "debian"} {
		_ = command.MarkFlagRequired(name)
	}
	command.RunE = func(*cobra.Command, []string) error { return image.Postgres(*out, *major, *prefix, *debian) }
	return command
}
