// Package copydata is what runs in the pod of a fork before PostgreSQL does, in
// the image of Toygres's worker: it copies the source's data into the fork's
// volume.
package copydata

import (
	"flag"
	"io"
	"net"
	"strconv"

	"github.com/toygres/toygres"
)

// Command is the argument of Toygres's worker that makes it [Main].
const Command = "copy-data"

// Job says what is copied and where the secrets for it lie.
type Job struct {
	From toygres.Endpoint // of the source
	Name string           // of the connection to it

	PasswordFile string // of the source's superuser
	CAFile       string // of the source's server
	Own          string // file with the password of the fork's superuser

	// Data is the fork's data directory. The copy goes beside it, to
	// Data+Unfinished. It is complete once Data+Statement exists, a file with
	// the statement that gives the superuser his password.
	Data string
}

// What is beside the data directory while there is none.
const (
	Unfinished = ".new"
	Statement  = ".sql"
)

// Arguments are those of a container that does the job.
func (j Job) Arguments() []string {
	return []string{
		Command, "-from=" + net.JoinHostPort(j.From.Host, strconv.Itoa(j.From.Port)), "-name=" + j.Name,
		"-password-file=" + j.PasswordFile, "-ca-file=" + j.CAFile, "-own-password-file=" + j.Own, "-data=" + j.Data,
	}
}

// parse reads what [Job.Arguments] are after the first.
func parse(args []string) (Job, error) {
	var j Job
	flags := flag.NewFlagSet(Command, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // its error says it
	from := flags.String("from", "", "")
	for name, value := range map[string]*string{
		"name": &j.Name, "password-file": &j.PasswordFile, "ca-file": &j.CAFile, "own-password-file": &j.Own, "data": &j.Data,
	} {
		flags.StringVar(value, name, "", "")
	}
	if err := flags.Parse(args); err != nil {
		return j, toygres.Errorf(toygres.CodeInvalid, "%s is for the pods of forks: %w", Command, err)
	}
	host, port, err := net.SplitHostPort(*from)
	if err == nil {
		j.From.Host = host
		j.From.Port, err = strconv.Atoi(port)
	}
	if err != nil {
		return j, toygres.Errorf(toygres.CodeInvalid, "%s is for the pods of forks: -from: %w", Command, err)
	}
	return j, nil
}
