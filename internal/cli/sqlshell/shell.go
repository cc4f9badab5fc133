package sqlshell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// The exit codes, which are those of psql.
const (
	exitOK          = 0
	exitFailed      = 1 // -c failed, or a file could not be read
	exitUnreachable = 2
	exitScript      = 3 // a statement failed and ON_ERROR_STOP is set
)

// Shell is one run of the shell.
type Shell struct {
	Options
	Name     string   // of the instance, for the prompt
	Keyboard *os.File // the terminal to read from; nil where there is none
	In       io.Reader
	Out, Err io.Writer
	Clean    func(string) string // makes text from the server harmless for a terminal

	Host, User, Password, Database, SSLMode string
	Port                                    int

	conn *pgconn.PgConn
}

// ConnectError says that the server could not be reached.
type ConnectError struct{ cause error }

func (e *ConnectError) Error() string {
	var refused *pgconn.PgError
	if errors.As(e.cause, &refused) {
		return "PostgreSQL refuses the connection: " + refused.Message
	}
	return "PostgreSQL can't be reached: " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.cause }

// Interactive reports whether a person types the statements.
func (s *Shell) Interactive() bool {
	return s.Keyboard != nil && len(s.Commands) == 0 && s.File == ""
}

// Run connects, runs what there is to run and returns the exit code. Errors
// of statements are printed; an error that is returned is not.
func (s *Shell) Run(ctx context.Context) (int, error) {
	if err := s.open(ctx); err != nil {
		return exitUnreachable, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = s.conn.Close(closing) // nothing is lost if saying goodbye fails
	}()
	switch {
	case len(s.Commands) > 0:
		for _, sql := range s.Commands {
			if err := s.run(ctx, sql); err != nil {
				return s.failed(ctx, err, exitFailed)
			}
		}
		return exitOK, nil
	case s.File != "" && s.File != "-":
		file, err := os.Open(s.File)
		if err != nil {
			fmt.Fprintf(s.Err, "%v\n", err)
			return exitFailed, nil
		}
		defer file.Close()
		return s.script(ctx, file)
	case s.Interactive():
		return s.converse(ctx)
	}
	return s.script(ctx, s.In)
}

func (s *Shell) open(ctx context.Context) error {
	// Everything is set here: neither the URL nor the user's environment shall
	// lead to another server.
	config, err := pgconn.ParseConfig(fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=%s",
		conninfo(s.Host), s.Port, conninfo(s.User), conninfo(s.Database), conninfo(s.SSLMode)))
	if err != nil {
		return &ConnectError{cause: err}
	}
	config.Password = s.Password
	config.ConnectTimeout = 10 * time.Second
	config.RuntimeParams["application_name"] = "toygres psql"
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { s.complain((*pgconn.PgError)(notice)) }
	// Ctrl-C ends the statement and keeps the connection.
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 5 * time.Second}
	}
	if s.conn, err = pgconn.ConnectConfig(ctx, config); err != nil {
		return &ConnectError{cause: err}
	}
	return nil
}

func conninfo(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// failed prints the error of a statement and returns code, or another one if
// the connection is gone.
func (s *Shell) failed(ctx context.Context, err error, code int) (int, error) {
	var reply *pgconn.PgError
	switch {
	case ctx.Err() != nil:
		return exitFailed, ctx.Err()
	case errors.As(err, &reply):
		s.complain(reply)
	default:
		fmt.Fprintf(s.Err, "%s\n", s.Clean(err.Error()))
	}
	if s.conn.IsClosed() {
		fmt.Fprintln(s.Err, "the connection to the server is lost")
		return exitUnreachable, nil
	}
	return code, nil
}

// complain prints an error or a notice as psql does.
func (s *Shell) complain(e *pgconn.PgError) {
	fmt.Fprintf(s.Err, "%s:  %s\n", s.Clean(e.Severity), s.Clean(e.Message))
	if e.Detail != "" {
		fmt.Fprintf(s.Err, "DETAIL:  %s\n", s.Clean(e.Detail))
	}
	if e.Hint != "" {
		fmt.Fprintf(s.Err, "HINT:  %s\n", s.Clean(e.Hint))
	}
}

// script runs the statements of a stream, and goes on after an error unless
// ON_ERROR_STOP is set, like psql.
func (s *Shell) script(ctx context.Context, in io.Reader) (int, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<30)
	pending := ""
	for lines.Scan() {
		line := lines.Text()
		if blank(pending) && strings.HasPrefix(strings.TrimSpace(line), `\`) {
			quit, err := s.meta(ctx, strings.TrimSpace(line))
			if quit {
				return exitOK, nil
			}
			if err != nil {
				if code, err := s.failed(ctx, err, exitScript); s.StopOnError || code != exitScript || err != nil {
					return code, err
				}
			}
			continue
		}
		pending += line + "\n"
		for {
			statement, rest, complete := next(pending)
			if !complete {
				break
			}
			pending = rest
			if code, err := s.statement(ctx, statement); code != exitOK || err != nil {
				return code, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return exitFailed, err
	}
	if !blank(pending) { // like psql, run a last statement without semicolon
		return s.statement(ctx, pending)
	}
	return exitOK, nil
}

// statement runs one statement of a script. The code is not 0 when the
// script must end.
func (s *Shell) statement(ctx context.Context, sql string) (int, error) {
	err := s.run(ctx, sql)
	if err == nil {
		return exitOK, nil
	}
	code, err := s.failed(ctx, err, exitScript)
	if code == exitScript && !s.StopOnError {
		return exitOK, err
	}
	return code, err
}

// catalogue are the backslash commands that are queries.
var catalogue = map[string]string{
	`\l`: `SELECT datname AS "Name", pg_catalog.pg_get_userbyid(datdba) AS "Owner", pg_catalog.pg_encoding_to_char(encoding) AS "Encoding" FROM pg_catalog.pg_database ORDER BY 1`,
	`\dt`: `SELECT schemaname AS "Schema", tablename AS "Name", tableowner AS "Owner" FROM pg_catalog.pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
}

// meta runs a backslash command.
func (s *Shell) meta(ctx context.Context, command string) (quit bool, err error) {
	switch command {
	case `\q`:
		return true, nil
	case `\?`:
		fmt.Fprintln(s.Out, `\q quit   \l list databases   \dt list tables   \? this help   Ctrl-C ends a statement`)
		return false, nil
	}
	if sql, known := catalogue[command]; known {
		return false, s.run(ctx, sql)
	}
	return false, fmt.Errorf(`there is no command %s in this shell (\? for help); psql has more`, command)
}
