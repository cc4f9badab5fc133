package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// configurationFlags are what is set of a server beside its size.
type configurationFlags struct {
	set, reset, allowed []string
}

func (c *configurationFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&c.set, "set", nil, "a PostgreSQL parameter to set, as name=value; may be repeated")
	flags.StringArrayVar(&c.reset, "reset", nil, "a PostgreSQL parameter to reset; may be repeated")
	flags.StringSliceVar(&c.allowed, "allow-cidr", nil, "all networks from which clients may come; \"\" for everywhere; repeat it or separate by commas")
}

// read sets what was said, and reports whether anything was.
func (c *configurationFlags) read(cmd *cobra.Command, request *openapi.UpdateInstanceRequest) (said bool, err error) {
	parameters, err := assignments("set", c.set, "reset", c.reset)
	if err != nil {
		return false, err
	}
	if len(parameters) > 0 {
		request.Parameters, said = &parameters, true
	}
	if cmd.Flags().Changed("allow-cidr") {
		networks := []string{}
		for _, network := range c.allowed {
			if network != "" {
				networks = append(networks, network)
			}
		}
		request.AllowedCidrs, said = &networks, true
	}
	return said, nil
}

// assignments reads a flag that sets names to values and one that takes names
// away.
func assignments(flag string, set []string, unflag string, unset []string) (map[string]*string, error) {
	all := map[string]*string{}
	for _, assignment := range set {
		name, value, found := strings.Cut(assignment, "=")
		if !found || name == "" {
			return nil, usagef("--%s: %q is not name=value", flag, assignment)
		}
		all[name] = &value
	}
	for _, name := range unset {
		if _, both := all[name]; both {
			return nil, usagef("%q can't be in both --%s and --%s", name, flag, unflag)
		}
		all[name] = nil
	}
	return all, nil
}

// metadataFlags are what people say of an instance.
type metadataFlags struct {
	description                            string
	tags, untag                            []string
	protect, unprotect, monitor, noMonitor bool
}

func (m *metadataFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&m.description, "description", "", "what it is for; empty for none")
	flags.StringArrayVar(&m.tags, "tag", nil, "a tag to set, as name=value; may be repeated")
	flags.StringArrayVar(&m.untag, "untag", nil, "a tag to remove; may be repeated")
	flags.BoolVar(&m.protect, "protect", false, "refuse to delete it")
	flags.BoolVar(&m.unprotect, "unprotect", false, "let it be deleted again")
	flags.BoolVar(&m.monitor, "monitor", false, "watch its health")
	flags.BoolVar(&m.noMonitor, "no-monitor", false, "don't watch its health")
	cmd.MarkFlagsMutuallyExclusive("protect", "unprotect")
	cmd.MarkFlagsMutuallyExclusive("monitor", "no-monitor")
}

// read sets what was said, and reports whether anything was.
func (m *metadataFlags) read(cmd *cobra.Command, request *openapi.UpdateInstanceRequest) (said bool, err error) {
	if cmd.Flags().Changed("description") {
		request.Description, said = &m.description, true
	}
	tags, err := assignments("tag", m.tags, "untag", m.untag)
	if err != nil {
		return said, err
	}
	if len(tags) > 0 {
		request.Tags, said = &tags, true
	}
	if m.protect || m.unprotect {
		request.DeletionProtection, said = &m.protect, true
	}
	if m.monitor || m.noMonitor {
		request.Monitored, said = &m.monitor, true
	}
	return said, nil
}
