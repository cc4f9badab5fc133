package sqlshell

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// Options are the options of psql that the shell has.
type Options struct {
	Commands    []string // -c: run these and exit
	File        string   // -f: run this file and exit; - is standard input
	Unaligned   bool     // -A
	TuplesOnly  bool     // -t
	Quiet       bool     // -q
	StopOnError bool     // -v ON_ERROR_STOP=1
}

// ParseArguments reads arguments as psql takes them.
func ParseArguments(arguments []string) (Options, error) {
	var o Options
	var variables []string
	flags := pflag.NewFlagSet("psql", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringArrayVarP(&o.Commands, "command", "c", nil, "")
	flags.StringVarP(&o.File, "file", "f", "", "")
	flags.BoolVarP(&o.Unaligned, "no-align", "A", false, "")
	flags.BoolVarP(&o.TuplesOnly, "tuples-only", "t", false, "")
	flags.BoolVarP(&o.Quiet, "quiet", "q", false, "")
	flags.BoolP("no-psqlrc", "X", false, "") // there is none
	flags.StringArrayVarP(&variables, "set", "v", nil, "")
	flags.StringArrayVar(&variables, "variable", nil, "")
	if err := flags.Parse(arguments); err != nil {
		return o, fmt.Errorf("the built-in SQL shell: %w", err)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("the built-in SQL shell takes no database or user: %q", flags.Arg(0))
	}
	if len(o.Commands) > 0 && o.File != "" {
		return o, fmt.Errorf("the built-in SQL shell takes one of -c and -f")
	}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		if name != "ON_ERROR_STOP" {
			return o, fmt.Errorf("the built-in SQL shell knows no variable %q", name)
		}
		switch strings.ToLower(value) {
		case "0", "off", "false", "no":
			o.StopOnError = false
		default:
			o.StopOnError = true
		}
	}
	return o, nil
}
