package local

import (
	"context"
	"fmt"
	"os"
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
	prefix  string
	major   int
	release toygres.Release // zero for what is not released yet
	bundle  bool            // brings its own shared libraries in lib/
	program os.FileInfo     // of its server, when it was inspected
}

var versionOutput = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+).*)`)

// inspect asks the installation at prefix for its version.
func inspect(prefix string, as account) (installation, error) {
	if err := checkPrefix(prefix); err != nil {
		return installation{}, err
	}
	in := installation{prefix: prefix}
	if err := as.canReach(in.path("postgres")); err != nil {
		return installation{}, err
	}
	program, err := os.Stat(in.path("postgres"))
	if err != nil {
		return installation{}, fmt.Errorf("looking at the server of %s: %w", prefix, err)
	}
	in.program = program
	libraries, err := filepath.Glob(filepath.Join(prefix, "lib", "lib*.so.*"))
	if err != nil {
		return installation{}, fmt.Errorf("looking for the libraries of %s: %w", prefix, err)
	}
	in.bundle = len(libraries) > 0

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, in.path("postgres"), "--version")
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
	in.release = toygres.ParseRelease(string(m[1]))
	in.major, err = strconv.Atoi(string(m[2]))
	if err != nil {
		return installation{}, toygres.Errorf(toygres.CodeInvalid, "%s has an odd version: %w", prefix, err)
	}
	return in, nil
}

func (in installation) path(name string) string { return filepath.Join(in.prefix, "bin", name) }

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

// replaced reports whether there is another server by now, as after an upgrade
// of the operating system's package.
func (in installation) replaced() bool {
	now, err := os.Stat(in.path("postgres"))
	same := err == nil && os.SameFile(now, in.program) && now.ModTime().Equal(in.program.ModTime()) && now.Size() == in.program.Size()
	return err == nil && !same
}

// installed returns the installations as they are now.
func (p *Provider) installed() []installation {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, in := range p.installations {
		if !in.replaced() {
			continue
		}
		now, err := inspect(in.prefix, p.account)
		if err != nil { // perhaps it is being replaced at this moment
			p.log.Warn("a PostgreSQL installation has changed and can't be looked at", "prefix", in.prefix, "error", err)
			continue
		}
		p.log.Info("a PostgreSQL installation has changed", "prefix", in.prefix, "release", now.release)
		p.installations = slices.Clone(p.installations) // the one before may be being read
		p.installations[i] = now
	}
	return p.installations
}

// Release returns the newest release of the major version that is installed.
func (p *Provider) Release(spec toygres.Spec) toygres.Release {
	in, err := p.installation(spec.Version)
	if err != nil {
		return toygres.Release{}
	}
	return in.release
}

// installation returns the newest PostgreSQL of a major version, or an error
// that says how to get one. Of two of the same release it is the first.
func (p *Provider) installation(major int) (installation, error) {
	var in installation
	for _, other := range p.installed() {
		if other.major == major && (in.major == 0 || other.release.IsUpgradeOf(in.release)) {
			in = other
		}
	}
	if in.major == 0 {
		return installation{}, missing(major, fmt.Sprintf("is not installed on this machine (%s)", p.present()))
	}
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
	if len(p.installed()) == 0 {
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
	for _, in := range p.installed() {
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
