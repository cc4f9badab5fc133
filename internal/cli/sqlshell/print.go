package sqlshell

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// rightAligned are the object ids of PostgreSQL's numeric types.
var rightAligned = map[uint32]bool{20: true, 21: true, 23: true, 26: true, 700: true, 701: true, 790: true, 1700: true}

// print writes the result of one statement: its rows, or its tag.
func (s *Shell) print(result *pgconn.ResultReader) {
	columns := result.FieldDescriptions()
	header := make([]string, len(columns))
	for i, column := range columns {
		header[i] = s.Clean(column.Name)
	}
	var rows [][]string
	for result.NextRow() {
		row := make([]string, len(columns))
		for i, value := range result.Values() {
			row[i] = s.Clean(string(value))
		}
		rows = append(rows, row)
	}
	tag, err := result.Close()
	if err != nil {
		return // the caller gets it from the whole
	}
	switch {
	case len(columns) == 0:
		if !s.Quiet && tag.String() != "" {
			fmt.Fprintln(s.Out, tag.String())
		}
	case s.Unaligned:
		s.printUnaligned(header, rows)
	default:
		right := make([]bool, len(columns))
		for i, column := range columns {
			right[i] = rightAligned[column.DataTypeOID]
		}
		Table{Header: header, Rows: rows, Right: right, Bare: s.TuplesOnly}.Print(s.Out)
	}
}

func (s *Shell) printUnaligned(header []string, rows [][]string) {
	if !s.TuplesOnly {
		fmt.Fprintln(s.Out, strings.Join(header, "|"))
	}
	for _, row := range rows {
		fmt.Fprintln(s.Out, strings.Join(row, "|"))
	}
	if !s.TuplesOnly {
		fmt.Fprintln(s.Out, count(len(rows)))
	}
}

// Table is a result as psql shows one.
type Table struct {
	Header []string
	Rows   [][]string
	Right  []bool // of each column: whether it is right-aligned
	Bare   bool   // rows only
}

// Print writes the table.
func (t Table) Print(out io.Writer) {
	widths := make([]int, len(t.Header))
	all := t.Rows
	if !t.Bare {
		all = append([][]string{t.Header}, t.Rows...)
	}
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(row []string, pad func(column int, cell string, space int) string) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = " " + pad(i, cell, widths[i]-utf8.RuneCountInString(cell)) + " "
		}
		fmt.Fprintln(out, strings.TrimRight(strings.Join(cells, "|"), " "))
	}
	if !t.Bare {
		line(t.Header, func(_ int, cell string, space int) string {
			return strings.Repeat(" ", space/2) + cell + strings.Repeat(" ", space-space/2)
		})
		rules := make([]string, len(widths))
		for i, width := range widths {
			rules[i] = strings.Repeat("-", width+2)
		}
		fmt.Fprintln(out, strings.Join(rules, "+"))
	}
	for _, row := range t.Rows {
		line(row, func(i int, cell string, space int) string {
			if t.Right[i] {
				return strings.Repeat(" ", space) + cell
			}
			return cell + strings.Repeat(" ", space)
		})
	}
	if !t.Bare {
		fmt.Fprintln(out, count(len(t.Rows)))
	}
	fmt.Fprintln(out)
}

func count(rows int) string {
	if rows == 1 {
		return "(1 row)"
	}
	return fmt.Sprintf("(%d rows)", rows)
}
