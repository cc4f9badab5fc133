package local

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/toygres/toygres"
)

// The tests run themselves as helper processes, to kill them or to run them in
// a place of their own.

// order is what a helper process is to do; its answer goes to its standard
// output.
type order struct {
	Do       string // provision, delete, rotate
	Config   Config
	ID       toygres.InstanceID
	Spec     toygres.Spec
	TmpfsOpt string // mount a tmpfs with these options over Config.Dir first
}

// answer is what a helper process reports.
type answer struct {
	Code    toygres.ErrorCode
	Message string
	Phase   toygres.Phase // at the end
	Left    []string      // names in Config.Dir
}

const orderVariable = "TOYGRES_LOCAL_TEST_ORDER"

func TestMain(m *testing.M) {
	if o := os.Getenv(orderVariable); o != "" {
		if err := obey(o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// What no server may inherit.
	for _, v := range []string{"TOYGRES_SECRET", "PGPASSWORD", "PGDATA", "PGPORT"} {
		if err := os.Setenv(v, "must-not-leak"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func obey(encoded string) error {
	var o order
	if err := json.Unmarshal([]byte(encoded), &o); err != nil {
		return err
	}
	if o.TmpfsOpt != "" {
		if err := unix.Mount("tmpfs", o.Config.Dir, "tmpfs", 0, o.TmpfsOpt); err != nil {
			return fmt.Errorf("mounting a small tmpfs: %w", err)
		}
	}
	o.Config.Logger = slog.New(slog.DiscardHandler)
	p, err := New(o.Config)
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch o.Do {
	case "provision":
		err = p.Provision(ctx, o.ID, o.Spec)
	case "rotate":
		err = p.RotatePassword(ctx, o.ID, "killed")
	case "delete":
		err = p.Delete(ctx, o.ID)
	}
	a := answer{Code: toygres.CodeOf(err), Phase: p.observe(o.ID).Phase}
	if err != nil {
		a.Message = toygres.MessageOf(err)
	}
	entries, err := os.ReadDir(o.Config.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		a.Left = append(a.Left, e.Name())
	}
	return json.NewEncoder(os.Stdout).Encode(a)
}

// helper returns a process that obeys the order, in a process group of its
// own.
func helper(t *testing.T, o order) *exec.Cmd {
	t.Helper()
	o.Config.Logger = nil
	encoded, err := json.Marshal(o)
	require.NoError(t, err)
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.Env = append(os.Environ(), orderVariable+"="+string(encoded))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// ask runs a helper process to its end and returns its answer.
func ask(t *testing.T, cmd *exec.Cmd) answer {
	t.Helper()
	out, err := cmd.Output()
	require.NoError(t, err)
	var a answer
	require.NoError(t, json.NewDecoder(strings.NewReader(string(out))).Decode(&a))
	return a
}

// killGroup ends a helper process and all of its process group with SIGKILL.
func killGroup(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
	_ = cmd.Wait() // it was killed
}
