package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Up starts the cluster in a state directory, which is made if it is not there, and waits until it can be used. It does
// nothing but wait if the cluster runs. The archives are images to import, the pause image among them; progress says
// what takes how long.
func Up(ctx context.Context, state string, archives []string, progress io.Writer) (Config, error) {
	began := time.Now()
	if err := checkRequirements(); err != nil {
		return Config{}, err
	}
	unlock, err := lock(ctx) // addresses and interfaces are the whole machine's
	if err != nil {
		return Config{}, err
	}
	c, err := loadOrCreate(state)
	if err == nil {
		err = c.startNode()
	}
	unlock()
	if err != nil {
		return c, err
	}
	tell := func(what string) { fmt.Fprintf(progress, "%6.1f s  %s\n", time.Since(began).Seconds(), what) }

	imported := make(chan error, 1)
	go func() { imported <- c.importAll(ctx, archives) }()
	client, err := awaitAPI(ctx, c.Kubeconfig())
	if err != nil {
		return c, c.explain(err)
	}
	tell("the API server answers at " + c.apiURL())
	// Right after its start the API server may still be making its own roles and namespaces.
	if err := await(ctx, "make the first objects", func(ctx context.Context) error { return c.bootstrap(ctx, client) }); err != nil {
		return c, c.explain(err)
	}
	if err := <-imported; err != nil {
		return c, c.explain(err)
	}
	tell("images are imported")
	if err := await(ctx, "the cluster", func(ctx context.Context) error { return c.usable(ctx, client) }); err != nil {
		return c, c.explain(err)
	}
	tell("the node is ready, the default service account is there and DNS answers")
	return c, nil
}

// startNode starts the node if it does not run.
func (c Config) startNode() error {
	_, pidfd, running, err := c.openNode()
	if err != nil {
		return err
	}
	if running {
		return unix.Close(pidfd)
	}
	if c.Program, err = os.Executable(); err != nil {
		return err
	}
	if err := errors.Join(c.write(), c.createIdentities(), c.writeConfigs(), c.makeCgroups(), os.MkdirAll(c.path("log"), 0o755)); err != nil {
		return err
	}
	log, err := os.OpenFile(c.path("log", "node.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	node := exec.Command(c.Program, "node", "--state", c.state)
	node.Dir = "/"
	node.Stdout, node.Stderr = log, log
	node.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS,
	}
	start, err := node.StdinPipe()
	if err != nil {
		return err
	}
	defer start.Close() // without the byte, it ends
	if err := node.Start(); err != nil {
		return fmt.Errorf("start the node: %w", err)
	}
	process, err := identify(node.Process.Pid)
	if err == nil {
		err = errors.Join(writeJSON(c.nodeFile(), process), c.connect(node.Process.Pid))
	}
	if err == nil {
		_, err = start.Write([]byte{1})
	}
	if err != nil {
		return errors.Join(err, node.Process.Kill(), ignoreExit(node.Wait()))
	}
	go func() { _ = node.Wait() }() // should it end while we wait for the cluster
	return nil
}

func ignoreExit(err error) error {
	if errors.As(err, new(*exec.ExitError)) {
		return nil
	}
	return err
}

// lock makes starts and stops of all clusters of this machine go one after the other. It is a name that the kernel
// forgets with the process, and no file that would be left behind.
func lock(ctx context.Context) (unlock func(), err error) {
	var listener net.Listener
	err = await(ctx, "another cluster is being started or stopped", func(ctx context.Context) (err error) {
		listener, err = new(net.ListenConfig).Listen(ctx, "unix", "@toygres-kubernetes")
		return err
	})
	if err != nil {
		return nil, err
	}
	return func() { _ = listener.Close() }, nil
}

func (c Config) importAll(ctx context.Context, archives []string) error {
	err := await(ctx, "containerd", func(ctx context.Context) error {
		return exec.CommandContext(ctx, "ctr", "--address", c.containerd(), "version").Run()
	})
	for _, archive := range archives {
		if err == nil {
			err = Import(ctx, c.state, archive)
		}
	}
	return err
}

// explain says where to look when the cluster does not come up.
func (c Config) explain(err error) error {
	return fmt.Errorf("%w (logs are in %s)", err, c.path("log"))
}
