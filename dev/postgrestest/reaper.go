package postgrestest

import (
	"io"
	"os/exec"

	"github.com/toygres/toygres/dev/stack/postgres"
)

// reaper outlives the test process, however that ends: it waits until the pipe to its standard input closes, stops the
// server whose data is in $1/data and removes $1.
const reaper = `
cat >/dev/null
pidfile="$1/data/postmaster.pid"
if pid=$(head -n 1 "$pidfile" 2>/dev/null) && kill -INT "$pid" 2>/dev/null; then
	while [ -e "$pidfile" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
fi
rm -rf -- "$1"
`

// reapAtExit arranges for the directory, and the server in it, to end with this process, or when stop is called.
func reapAtExit(account postgres.Account, scratch string) (stop func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", reaper, "reaper", scratch)
	cmd.Dir = "/"
	cmd.SysProcAttr = account.Attributes()
	cmd.SysProcAttr.Setpgid = false
	cmd.SysProcAttr.Setsid = true // `go test` kills its process group on a time-out; this must live on for a moment
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() { reap(cmd, alive) }, nil
}

func reap(cmd *exec.Cmd, alive io.Closer) {
	_ = alive.Close() // it is over either way: what is left is in the temporary directory
	_ = cmd.Wait()
}
