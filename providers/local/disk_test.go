package local

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/toygres/toygres"
)

func TestFullDiskIsExhaustionAndLeavesNothing(t *testing.T) {
	t.Parallel()
	// A tmpfs in a mount namespace of the helper process goes away with it.
	probe := inMountNamespace(exec.Command("/bin/true"))
	if err := probe.Run(); err != nil {
		t.Skipf("this machine allows no mount namespaces, so no small disk can be had: %v", err)
	}
	for name, options := range map[string]string{
		"no room for the record":           "size=64k,nr_inodes=4",
		"no room for initdb":               "size=1m",
		"initdb runs out in the bootstrap": "size=18m",
		"initdb runs out late":             "size=30m",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t, newDir(t))
			require.NoError(t, os.Mkdir(config.Dir, 0o755))
			id, spec := newInstance(18)
			a := ask(t, inMountNamespace(helper(t, order{Do: "provision", Config: config, ID: id, Spec: spec, TmpfsOpt: "mode=755," + options})))
			require.Equal(t, toygres.CodeExhausted, a.Code, a.Message)
			require.Contains(t, a.Message, config.Dir)
			require.Contains(t, a.Message, "free space")
			require.Equal(t, toygres.PhaseAbsent, a.Phase)
			require.Subset(t, []string{"ports.lock"}, a.Left, "something half-made is left")
		})
	}
}

// inMountNamespace lets the process mount what only it sees. An ordinary user
// needs a user namespace for that, in which it keeps its own number.
func inMountNamespace(cmd *exec.Cmd) *exec.Cmd {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS
	cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS // makes the mounts private
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
	}
	return cmd
}

func TestFullDiskOfARunningServerIsSaidSo(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	config := newConfig(t, dir)
	config.Prefixes = []string{brokenInstallation(t, dir, config.Prefixes[0], "FATAL:  could not write lock file: No space left on device")}
	p := newProvider(t, config)
	id, spec := newInstance(18)
	require.NoError(t, p.Provision(t.Context(), id, spec))
	require.Contains(t, await(t, p, id, toygres.PhaseFailed).Message, "free space on the disk of "+config.Dir)
}
