package sqlshell

import (
	"fmt"
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
		s.printAligned(header, rows, right)
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

func (s *Shell) printAligned(header []string, rows [][]string, right []bool) {
	widths := make([]int, len(header))
	all := rows
	if !s.TuplesOnly {
		all = append([][]string{header}, rows...)
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
		fmt.Fprintln(s.Out, strings.TrimRight(strings.Join(cells, "|"), " "))
	}
	if !s.TuplesOnly {
		line(header, func(_ int, cell string, space int) string {
			return strings.Repeat(" ", space/2) + cell + strings.Repeat(" ", space-space/2)
		})
		rules := make([]string, len(widths))
		for i, width := range widths {
			rules[i] = strings.Repeat("-", width+2)
		}
		fmt.Fprintln(s.Out, strings.Join(rules, "+"))
	}
	for _, row := range rows {
		line(row, func(i int, cell string, space int) string {
			if right[i] {
				return strings.Repeat(" ", space) + cell
			}
			return cell + strings.Repeat(" ", space)
		})
	}
	if !s.TuplesOnly {
		fmt.Fprintln(s.Out, count(len(rows)))
	}
	fmt.Fprintln(s.Out)
}

func count(rows int) string {
	if rows == 1 {
		return "(1 row)"
	}
	return fmt.Sprintf("(%d rows)", rows)
}
