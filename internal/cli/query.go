package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/internal/cli/sqlshell"
	"github.com/toygres/toygres/openapi"
)

const (
	formatCSV = "csv" // of query alone
	// maxStatement is what the server takes, in bytes.
	maxStatement = 500000
	// queryMargin is how much longer than the statement its answer may take.
	queryMargin = time.Minute
	// manyRows is from when on the server's own limit of bytes is too low.
	manyRows = 1000
)

// queryResult keeps values as they came: numbers in json may have more digits
// than a floating-point number can hold.
type queryResult struct {
	openapi.QueryResult
	Rows [][]json.RawMessage `json:"rows"`
}

func (a *app) queryCommand() *cobra.Command {
	var write bool
	var role string
	var timeout time.Duration
	var rows int
	cmd := &cobra.Command{
		Use:     "query NAME SQL",
		GroupID: groupInstances,
		Short:   "Run one SQL statement on an instance and print its rows",
		Long: `Runs one SQL statement through the server of Toygres: no PostgreSQL client, no
password and no way to the instance is needed. With - as SQL the statement is
read from standard input.

The statement can't write unless --write is given; then it is committed when it
succeeds. Ctrl-C cancels and undoes it. In CSV a null is an empty field.`,
		Example: `  toygres query mydb 'SELECT * FROM orders' -o csv >orders.csv
  toygres query mydb --write "INSERT INTO orders (item) VALUES ('tea') RETURNING id"
  toygres query mydb --role reporting - <report.sql`,
		Annotations:       map[string]string{formatCSV: "yes"},
		ValidArgsFunction: a.completeNames,
		Args:              instanceAnd("one SQL statement in quotes, or - to read it from standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			sql, err := a.statement(args[1])
			if err != nil {
				return err
			}
			seconds, readOnly := int(timeout.Round(time.Second).Seconds()), !write
			if seconds < 1 {
				return usagef("--timeout must be at least 1s")
			}
			return a.query(cmd.Context(), args[0], openapi.QueryRequest{Sql: sql, ReadOnly: &readOnly, Role: optional(role),
				TimeoutSeconds: &seconds, MaxRows: &rows})
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "let the statement write, and commit it")
	cmd.Flags().StringVar(&role, "role", "", "run it with the rights of this role (default: the superuser)")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long the statement may take; at most 5m")
	cmd.Flags().IntVar(&rows, "max-rows", manyRows, "how many rows to print at most; up to 10000")
	return cmd
}

func (a *app) statement(argument string) (string, error) {
	if argument != "-" {
		return argument, nil
	}
	text, err := io.ReadAll(io.LimitReader(a.In, maxStatement+1))
	if err != nil {
		return "", fileFailure("read", "standard input", err)
	}
	if len(text) > maxStatement {
		return "", usagef("the statement is longer than %d bytes", maxStatement)
	}
	return string(text), nil
}

func (a *app) query(ctx context.Context, name string, request openapi.QueryRequest) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(*request.TimeoutSeconds)*time.Second+queryMargin)
	defer cancel()
	// Unless many rows are asked for, leave memory of the server to others.
	if most := 16 << 20; *request.MaxRows > manyRows {
		request.MaxBytes = &most
	}
	result, err := decode[queryResult](c.patient.QueryInstance(ctx, name, request))
	if err != nil {
		return err
	}
	if a.output == formatCSV {
		err = a.printCSV(result)
	} else {
		err = a.print(result, func(out io.Writer) { a.printRows(out, result) })
	}
	if err == nil && result.Truncated != nil {
		fmt.Fprintf(a.Err, "toygres: only the first %d rows are shown; see --max-rows, or select less\n", result.RowCount)
	}
	return err
}

func (a *app) printRows(out io.Writer, result *queryResult) {
	if len(result.Columns) == 0 {
		if tag := text(result.Command); tag != "" && !a.quiet {
			fmt.Fprintln(out, clean(tag))
		}
		return
	}
	table := sqlshell.Table{Bare: a.noHeaders}
	for _, column := range result.Columns {
		table.Header = append(table.Header, clean(column.Name))
		table.Right = append(table.Right, numeric(column.Type))
	}
	for _, row := range result.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = clean(cell(value, "NULL"))
		}
		table.Rows = append(table.Rows, cells)
	}
	table.Print(out)
}

// numeric reports whether a type is written right-aligned.
func numeric(name string) bool {
	name, _, _ = strings.Cut(name, "(")
	switch name {
	case "smallint", "integer", "bigint", "numeric", "real", "double precision", "oid", "money":
		return true
	}
	return false
}

func (a *app) printCSV(result *queryResult) error {
	out := csv.NewWriter(a.Out)
	show := func(text string) string { return text }
	if terminal(a.Out) != nil {
		show = clean
	}
	write := func(cells []string) error {
		if err := out.Write(cells); err != nil {
			return fileFailure("write to", "standard output", err)
		}
		return nil
	}
	if !a.noHeaders && len(result.Columns) > 0 {
		header := make([]string, len(result.Columns))
		for i, column := range result.Columns {
			header[i] = show(column.Name)
		}
		if err := write(header); err != nil {
			return err
		}
	}
	for _, row := range result.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = show(cell(value, ""))
		}
		if err := write(cells); err != nil {
			return err
		}
	}
	if out.Flush(); out.Error() != nil {
		return fileFailure("write to", "standard output", out.Error())
	}
	return nil
}

// cell is a value as text: strings without their quotes, all else as JSON.
func cell(value json.RawMessage, null string) string {
	if string(value) == "null" {
		return null
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
