package sqlshell

import (
	"context"
	"errors"
	"slices"
	"strings"
)

var errCopy = errors.New("this shell has COPY … TO STDOUT only, as a statement of its own; psql has the rest")

// run executes sql, which may hold several statements, and prints what they
// give. COPY with the client must be known beforehand: the server would wait
// for data that never comes.
func (s *Shell) run(ctx context.Context, sql string) error {
	statements := 0
	for rest := sql; !blank(rest); statements++ {
		statement, after, complete := next(rest)
		if !complete {
			statement, after = rest, ""
		}
		if direction := copyDirection(statement); direction != "" && (direction == "stdin" || statements > 0 || !blank(after)) {
			return errCopy
		}
		rest = after
	}
	if statements == 1 && copyDirection(sql) == "stdout" {
		_, err := s.conn.CopyTo(ctx, s.Out, sql) // the data alone, without a tag
		return err
	}
	results := s.conn.Exec(ctx, sql)
	for results.NextResult() {
		s.print(results.ResultReader())
	}
	return results.Close()
}

// copyDirection returns "stdin" or "stdout" for a COPY from or to the client,
// and "" for any other statement.
func copyDirection(sql string) string {
	var words []string
	for i := 0; i < len(sql); {
		size, _ := token(sql, i)
		if isWordStart(sql[i:]) {
			words = append(words, strings.ToLower(sql[i:i+size]))
		}
		i += size
	}
	if len(words) == 0 || words[0] != "copy" {
		return ""
	}
	for _, end := range []string{"stdin", "stdout"} {
		if at := slices.Index(words, end); at > 0 && (words[at-1] == "from" || words[at-1] == "to") {
			return end
		}
	}
	return ""
}
