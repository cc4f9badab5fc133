package sqlshell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/term"
)

// converse reads statements from a person.
func (s *Shell) converse(ctx context.Context) (int, error) {
	fmt.Fprintf(s.Out, "PostgreSQL %s. End statements with ;, quit with \\q.\n", s.Clean(s.conn.ParameterStatus("server_version")))
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{s.Keyboard, s.Out}, "")
	pending := ""
	for {
		prompt := s.Name + "=> "
		if !blank(pending) {
			prompt = s.Name + "-> "
		}
		screen.SetPrompt(prompt)
		line, err := s.readLine(screen)
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(s.Out)
			return exitOK, nil
		}
		if err != nil {
			return exitFailed, err
		}
		var run []string
		if trimmed := strings.TrimSpace(line); blank(pending) && strings.HasPrefix(trimmed, `\`) {
			run = []string{trimmed}
		} else {
			pending += line + "\n"
			for {
				statement, rest, complete := next(pending)
				if !complete {
					break
				}
				pending = rest
				run = append(run, statement)
			}
		}
		for _, sql := range run {
			if quit, code, err := s.answer(ctx, sql); quit || err != nil {
				return code, err
			}
		}
	}
}

// readLine reads a line with the terminal in raw mode, for editing and
// history, and leaves it as it was, so that Ctrl-C works during statements.
func (s *Shell) readLine(screen *term.Terminal) (string, error) {
	state, err := term.MakeRaw(int(s.Keyboard.Fd()))
	if err != nil {
		return "", err
	}
	if width, height, err := term.GetSize(int(s.Keyboard.Fd())); err == nil && width > 0 {
		if err := screen.SetSize(width, height); err != nil {
			return "", err
		}
	}
	line, err := screen.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	return line, errors.Join(err, term.Restore(int(s.Keyboard.Fd()), state))
}

// answer runs what a person entered. Ctrl-C ends the statement only.
func (s *Shell) answer(ctx context.Context, sql string) (quit bool, code int, err error) {
	statement, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt)
	defer stop()
	if strings.HasPrefix(sql, `\`) {
		quit, err = s.meta(statement, sql)
	} else {
		err = s.run(statement, sql)
	}
	if err == nil {
		return quit, exitOK, nil
	}
	code, err = s.failed(context.WithoutCancel(ctx), err, exitOK)
	return code != exitOK, code, err
}
