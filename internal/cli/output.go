package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// The output formats.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatYAML  = "yaml"
)

func checkFormat(format string) error {
	switch format {
	case formatTable, formatJSON, formatYAML:
		return nil
	}
	return usagef("the output format %q is not one of table, json, yaml", format)
}

// print writes an object of the API in the format that was asked for; table
// writes the form for people.
func (a *app) print(object any, table func(io.Writer)) error {
	switch a.output {
	case formatJSON:
		text, err := jsonOf(object, "  ")
		if err != nil {
			return err
		}
		return a.write(text)
	case formatYAML:
		text, err := yamlOf(object)
		if err != nil {
			return err
		}
		return a.write(text)
	}
	var text bytes.Buffer
	table(&text)
	return a.write(text.Bytes())
}

func (a *app) write(text []byte) error {
	if _, err := a.Out.Write(text); err != nil {
		return fileFailure("write to", "standard output", err)
	}
	return nil
}

// jsonOf writes an object as the API does. Characters that steer a terminal
// are escaped, also those that JSON would allow.
func jsonOf(object any, indent string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(object); err != nil {
		return nil, err
	}
	var safe strings.Builder
	for _, r := range text.String() {
		if r != '\n' && steersTerminal(r) {
			fmt.Fprintf(&safe, `\u%04x`, r)
			continue
		}
		safe.WriteRune(r)
	}
	return []byte(safe.String()), nil
}

// yamlOf writes the same object with the same names in the same order as
// jsonOf does.
func yamlOf(object any) ([]byte, error) {
	text, err := jsonOf(object, "")
	if err != nil {
		return nil, err
	}
	var document yaml.Node // JSON as we write it is YAML
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	blockStyle(&document)
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func blockStyle(node *yaml.Node) {
	if len(node.Content) > 0 || node.Kind == yaml.ScalarNode {
		node.Style = 0
	}
	for _, child := range node.Content {
		blockStyle(child)
	}
}

// columns writes an aligned table. The cells may come from anywhere.
func (a *app) columns(out io.Writer, header []string, rows [][]string) {
	tabs := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	if !a.noHeaders {
		fmt.Fprintln(tabs, strings.Join(header, "\t"))
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i] = clean(cell); cells[i] == "" {
				cells[i] = "-"
			}
		}
		fmt.Fprintln(tabs, strings.Join(cells, "\t"))
	}
	_ = tabs.Flush() // out is a buffer
}

// fields writes one line per pair of name and value, leaving out those
// without a value.
func fields(out io.Writer, pairs ...string) {
	width := 0
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			width = max(width, len(pairs[i]))
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if value := clean(pairs[i+1]); value != "" {
			fmt.Fprintf(out, "%-*s   %s\n", width, pairs[i], value)
		}
	}
}

// clean makes text of unknown origin harmless for a terminal and fit for one
// line: escape sequences go, white space becomes blanks.
func clean(text string) string {
	var safe strings.Builder
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			safe.WriteByte(' ')
		case r == 0x1b || r == 0x9b || r == 0x9d || r == 0x90:
			i += escapeLength(runes[i:]) - 1
		case steersTerminal(r):
		default:
			safe.WriteRune(r)
		}
	}
	return safe.String()
}

// steersTerminal reports whether a terminal would obey r instead of showing
// it: control characters, and those that change the direction of writing.
func steersTerminal(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029
}

// escapeLength returns how many runes the escape sequence at the start of
// text has (ECMA-48: CSI ends with a final byte, OSC and DCS with ST or BEL).
func escapeLength(text []rune) int {
	kind, start := text[0], 1
	if kind == 0x1b {
		if len(text) < 2 {
			return 1
		}
		kind, start = text[1], 2
	}
	switch kind {
	case '[', 0x9b:
		for i := start; i < len(text); i++ {
			if text[i] >= 0x40 && text[i] <= 0x7e {
				return i + 1
			}
			if text[i] < 0x20 || text[i] > 0x7e {
				return i // not a sequence after all: keep what follows
			}
		}
	case ']', 'P', 0x9d, 0x90:
		for i := start; i < len(text); i++ {
			switch text[i] {
			case 0x07, 0x9c:
				return i + 1
			case 0x1b:
				return min(i+2, len(text))
			}
		}
	default:
		return start
	}
	return len(text)
}

// complete offers fixed values for a flag to the shell's completion.
func complete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist: a mistake in this package
	}
}

// completeBy offers what the server knows for a flag.
func completeBy(cmd *cobra.Command, flag string, like func(ctx context.Context, typed string) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return like(cmd.Context(), typed), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag does not exist: a mistake in this package
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
