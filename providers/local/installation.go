package local

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/toygres/toygres"
)

// installation is one PostgreSQL on this machine.
type installation struct {
	prefix string
	major  int
	bundle bool // brings its own shared libraries in lib/
}

var versionOutput = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect asks the installation at prefix for its version.
func inspect(prefix string, as account) (installation, error) {
	if err := checkPrefix(prefix); err != nil {
		return installation{}, err
	}
	in := installation{prefix: prefix}
	if err := as.canReach(in.program("postgres")); err != nil {
		return installation{}, err
	}
	libraries, err := filepath.Glob(filepath.Join(prefix, "lib", "lib*.so.*"))
	if err != nil {
		return installation{}, fmt.Errorf("looking for the libraries of %s: %w", prefix, err)
	}
	in.bundle = len(libraries) > 0

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, in.program("postgres"), "--version")
	cmd.Env, cmd.Dir = in.environment(), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as.credential()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return installation{}, toygres.Errorf(toygres.CodeInvalid, "the PostgreSQL installation %s does not work (%s): %w", prefix, printable(string(out)), err)
	}
	m := versionOutput.FindSubmatch(out)
	if m == nil {
		return installation{}, toygres.Errorf(toygres.CodeInvalid, "%s is no PostgreSQL of a released version; it says %q", prefix, printable(string(out)))
	}
	in.major, err = strconv.Atoi(string(m[1]))
	if err != nil {
		return installation{}, toygres.Errorf(toygres.CodeInvalid, "%s has an odd version: %w", prefix, err)
	}
	return in, nil
}

func (in installation) program(name string) string { return filepath.Join(in.prefix, "bin", name) }

// environment is all that PostgreSQL gets: nothing of ours, which may hold
// secrets that an instance's superuser could read. TZ spares initdb the search
// for the machine's time zone; servers run in UTC.
func (in installation) environment() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C", "TZ=UTC"}
	if in.bundle {
		env = append(env, "LD_LIBRARY_PATH="+filepath.Join(in.prefix, "lib"))
	}
	return env
}

// installation returns the PostgreSQL of a major version, or an error that
// says how to get it.
func (p *Provider) installation(major int) (installation, error) {
	i := slices.IndexFunc(p.installations, func(in installation) bool { return in.major == major })
	if i < 0 {
		return installation{}, missing(major, fmt.Sprintf("is not installed on this machine (%s)", p.present()))
	}
	in := p.installations[i]
	if err := checkPrefix(in.prefix); err != nil {
		return installation{}, missing(major, "was in "+in.prefix+" but is not there any more")
	}
	return in, nil
}

func missing(major int, why string) error {
	message := fmt.Sprintf("PostgreSQL %d %s", major, why)
	if major >= toygres.OldestVersion && major <= toygres.NewestVersion {
		message += fmt.Sprintf("; install it (Debian, Ubuntu: apt-get install postgresql-%d) or add its prefix to TOYGRES_LOCAL_POSTGRES, and restart", major)
	} else {
		message += fmt.Sprintf("; choose one of %d to %d", toygres.OldestVersion, toygres.NewestVersion)
	}
	return &toygres.Error{Code: toygres.CodeInvalid, Message: message,
		Fields: []toygres.FieldError{{Field: "version", Rule: "available", Message: message}}}
}

// present lists what is installed, in words.
func (p *Provider) present() string {
	if len(p.installations) == 0 {
		return "nor is any other"
	}
	var majors []string
	for _, v := range p.versions() {
		majors = append(majors, strconv.Itoa(v))
	}
	return "there is " + strings.Join(majors, ", ")
}

// versions returns the majors that can be asked for, newest first.
func (p *Provider) versions() []int {
	var majors []int
	for _, in := range p.installations {
		if in.major >= toygres.OldestVersion && in.major <= toygres.NewestVersion && !slices.Contains(majors, in.major) {
			majors = append(majors, in.major)
		}
	}
	slices.Sort(majors)
	slices.Reverse(majors)
	return majors
}

// printable makes text of other programs fit for a message: one line, no
// control characters, not too long.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r == '\uFFFD':
			return -1
		default:
			return r
		}
	}, strings.TrimSpace(strings.ToValidUTF8(s, "")))
	if runes := []rune(s); len(runes) > 400 {
		s = string(runes[:400]) + "…"
	}
	return s
}
