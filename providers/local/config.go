package local

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/toygres/toygres"
)

// Name is the provider's name in configuration and catalog.
const Name = "local"

// Config says where instances live and with what they run.
type Config struct {
	// Dir holds a directory per instance. It is made when missing.
	Dir string

	// Prefixes are PostgreSQL installations, each with bin/postgres and
	// bin/initdb. Servers start with the newest one of their major version.
	// Empty means [FindPrefixes].
	Prefixes []string

	// FirstPort and LastPort bound the ports that instances get. Default
	// 15500 to 16499.
	FirstPort, LastPort int

	// Host is the address on which servers listen and by which clients reach
	// them. Default 127.0.0.1.
	Host string

	// User is the operating system's user that runs PostgreSQL when we are
	// root. Default postgres if there is one, else nobody.
	User string

	// StopTimeout is how long a server may take to end by itself before its
	// connections and then its processes are cut off. Default one minute.
	StopTimeout time.Duration

	// Logger gets what happens to servers outside of any request. Default
	// slog.Default().
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.FirstPort == 0 && c.LastPort == 0 {
		c.FirstPort, c.LastPort = 15500, 16499
	}
	if c.Host == "" {
		c.Host = "127.0.0.1"
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if len(c.Prefixes) == 0 {
		c.Prefixes = FindPrefixes()
	}
	return c
}

// check returns an error for what can't work, so that a program says so when
// it starts and not when the first instance is asked for.
func (c Config) check() error {
	if !filepath.IsAbs(c.Dir) {
		return toygres.Errorf(toygres.CodeInvalid, "the directory for instances must be an absolute path, not %q", c.Dir)
	}
	if c.FirstPort < 1 || c.LastPort > 65535 || c.FirstPort > c.LastPort {
		return toygres.Errorf(toygres.CodeInvalid, "the ports %d-%d are no range within 1-65535", c.FirstPort, c.LastPort)
	}
	if ip := net.ParseIP(c.Host); ip != nil && ip.IsUnspecified() {
		return toygres.Errorf(toygres.CodeInvalid, "the host %s is no address that a client can connect to; give one address or name of this machine", c.Host)
	}
	return nil
}

// ParsePorts reads a range of ports such as "15500-16499", or one port.
func ParsePorts(s string) (first, last int, err error) {
	low, high, isRange := strings.Cut(strings.TrimSpace(s), "-")
	if !isRange {
		high = low
	}
	first, err1 := strconv.Atoi(strings.TrimSpace(low))
	last, err2 := strconv.Atoi(strings.TrimSpace(high))
	switch {
	case err1 != nil || err2 != nil:
		return 0, 0, toygres.Errorf(toygres.CodeInvalid, "%q is no range of ports; write it like 15500-16499", s)
	case first < 1 || last > 65535:
		return 0, 0, toygres.Errorf(toygres.CodeInvalid, "the ports %q are not within 1-65535", s)
	case first > last:
		return 0, 0, toygres.Errorf(toygres.CodeInvalid, "the ports %q end before they begin", s)
	}
	return first, last, nil
}

// ParsePrefixes reads a list of PostgreSQL installation prefixes that are
// separated by colons. An empty list is nil and no error.
func ParsePrefixes(s string) ([]string, error) {
	var prefixes []string
	for p := range strings.SplitSeq(s, ":") {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		if !filepath.IsAbs(p) {
			return nil, toygres.Errorf(toygres.CodeInvalid, "the PostgreSQL prefix %q must be an absolute path", p)
		}
		if err := checkPrefix(p); err != nil {
			return nil, err
		}
		prefixes = append(prefixes, filepath.Clean(p))
	}
	return prefixes, nil
}

// checkPrefix returns an error that names the program which prefix lacks.
func checkPrefix(prefix string) error {
	for _, program := range []string{"postgres", "initdb"} {
		path := filepath.Join(prefix, "bin", program)
		if info, err := os.Stat(path); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return toygres.Errorf(toygres.CodeInvalid, "%s is no PostgreSQL installation: %s is not there or can't be executed", prefix, path)
		}
	}
	return nil
}

// wellKnown is where distributions put PostgreSQL: Debian and Ubuntu, then the
// PostgreSQL project's own RPMs, then a build from source.
var wellKnown = []string{"/usr/lib/postgresql/*", "/usr/pgsql-*", "/usr/local/pgsql"}

// FindPrefixes returns the PostgreSQL installations in well-known places.
func FindPrefixes() []string {
	var found []string
	for _, pattern := range wellKnown {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			panic(fmt.Sprintf("bad pattern %q: %v", pattern, err)) // a defect: the patterns are constants
		}
		sort.Strings(matches)
		for _, m := range matches {
			if checkPrefix(m) == nil && !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found
}
