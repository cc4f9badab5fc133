package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/toygres/toygres/openapi"
)

// progress shows the steps of an operation while they happen: in place on a
// terminal, as one line for each change elsewhere.
type progress struct {
	out      io.Writer // io.Discard when asked to be quiet
	terminal *os.File  // nil where lines can't be rewritten
	marks    marks
	now      func() time.Time

	mu        sync.Mutex
	operation *openapi.Operation
	since     map[string]time.Time // when a running attempt was first seen
	said      map[string]string    // what was said of a step last
	problem   string               // why nothing new can be read
	drawn     int                  // lines on the terminal that belong to us
	frame     int
	stop      chan struct{}
	stopped   sync.WaitGroup
}

// marks are the signs before each step.
type marks struct {
	done, failed, waiting, skipped string
	spinner                        []string
}

var (
	unicodeMarks = marks{done: "✓", failed: "✗", waiting: "·", skipped: "-",
		spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}}
	asciiMarks = marks{done: "+", failed: "x", waiting: ".", skipped: "-", spinner: []string{"|", "/", "-", `\`}}
)

func (a *app) newProgress() *progress {
	p := &progress{out: a.Err, terminal: terminal(a.Err), marks: asciiMarks, now: a.now,
		since: map[string]time.Time{}, said: map[string]string{}, stop: make(chan struct{})}
	for _, variable := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := a.env(variable); locale != "" {
			if strings.Contains(strings.ToUpper(strings.ReplaceAll(locale, "-", "")), "UTF8") {
				p.marks = unicodeMarks
			}
			break
		}
	}
	if a.env("TERM") == "dumb" {
		p.terminal = nil
	}
	if a.quiet {
		p.out, p.terminal = io.Discard, nil
	}
	if p.terminal != nil {
		p.stopped.Go(p.spin)
	}
	return p
}

// spin keeps the spinner and the clocks moving.
func (p *progress) spin() {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.frame++
			p.draw()
			p.mu.Unlock()
		}
	}
}

// show takes in the latest state of the operation.
func (p *progress) show(operation *openapi.Operation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.operation == nil
	p.operation = operation
	for _, step := range operation.Steps {
		key := fmt.Sprint(step.Name, step.Attempt)
		if _, seen := p.since[key]; !seen && step.State == openapi.StepStateRunning {
			p.since[key] = p.now()
		}
	}
	if p.terminal != nil {
		p.draw()
		return
	}
	if first {
		fmt.Fprintln(p.out, p.title())
	}
	for _, step := range operation.Steps {
		line := p.say(step)
		if line != "" && p.said[step.Name] != line {
			fmt.Fprintf(p.out, "  %s: %s\n", clean(step.Name), clean(line))
		}
		p.said[step.Name] = line
	}
}

// trouble says that nothing new can be read at the moment, and nil that it
// can again.
func (p *progress) trouble(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.problem
	p.problem = ""
	if err != nil {
		p.problem = clean(err.Error()) + "; trying again"
	}
	if p.terminal == nil && p.problem != "" && before == "" {
		fmt.Fprintln(p.out, "  "+p.problem)
	}
}

// end leaves the last state on the screen. It may be called twice.
func (p *progress) end() {
	p.mu.Lock()
	select {
	case <-p.stop:
		p.mu.Unlock()
		return
	default:
	}
	close(p.stop)
	p.mu.Unlock()
	p.stopped.Wait()
	if p.terminal != nil {
		p.problem = ""
		p.draw()
	}
}

func (p *progress) title() string {
	doing := map[openapi.OperationKind]string{openapi.Create: "Creating", openapi.Fork: "Forking to", openapi.Delete: "Deleting",
		openapi.Stop: "Stopping", openapi.Start: "Starting", openapi.Resize: "Resizing", openapi.Update: "Updating", openapi.Rotate: "Rotating the password of"}[p.operation.Kind]
	if doing == "" {
		doing = clean(string(p.operation.Kind))
	}
	line := fmt.Sprintf("%s %s (operation %s)", doing, clean(p.operation.InstanceName), p.operation.Id)
	if p.operation.CancelAsked && !ended(p.operation.State) {
		line += ", being cancelled"
	}
	return line
}

// draw writes all lines over the ones it wrote before.
func (p *progress) draw() {
	if p.operation == nil {
		return
	}
	lines := []string{p.title()}
	for _, step := range p.operation.Steps {
		lines = append(lines, fmt.Sprintf("  %s %-16s %s", p.mark(step), clean(step.Name), clean(p.say(step))))
	}
	if p.problem != "" {
		lines = append(lines, "  "+p.problem)
	}
	width, height, err := term.GetSize(int(p.terminal.Fd()))
	if err != nil || width < 20 {
		width, height = 80, 24
	}
	lines = lines[:min(len(lines), max(2, height-1))] // more could not be rewritten
	var screen strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&screen, "\x1b[%dA", p.drawn)
	}
	for _, line := range lines {
		screen.WriteString("\r\x1b[K" + strings.TrimRight(truncate(line, width-1), " ") + "\n")
	}
	screen.WriteString("\x1b[J")
	p.drawn = len(lines)
	fmt.Fprint(p.out, screen.String())
}

func (p *progress) mark(step openapi.Step) string {
	switch step.State {
	case openapi.StepStateRunning:
		return p.marks.spinner[p.frame%len(p.marks.spinner)]
	case openapi.StepStateSucceeded:
		return p.marks.done
	case openapi.StepStateFailed:
		if step.NextRetryAt != nil && !ended(p.operation.State) {
			return p.marks.spinner[p.frame%len(p.marks.spinner)]
		}
		return p.marks.failed
	case openapi.StepStateSkipped:
		return p.marks.skipped
	}
	return p.marks.waiting
}

// say puts the state of a step into words. On a terminal it runs with the
// clock; elsewhere it changes only when the step does.
func (p *progress) say(step openapi.Step) string {
	var words []string
	switch step.State {
	case openapi.StepStateRunning:
		if step.Attempt > 1 {
			words = append(words, fmt.Sprintf("attempt %d", step.Attempt))
			if reason := text(step.Error); reason != "" {
				words = append(words, "the last one failed: "+reason)
			}
		}
		if message := text(step.Message); message != "" {
			words = append(words, message)
		}
		if p.terminal != nil {
			took := showTook(p.now().Sub(p.since[fmt.Sprint(step.Name, step.Attempt)]))
			words = append([]string{took}, words...)
		} else if len(words) == 0 {
			words = append(words, "begun")
		}
	case openapi.StepStateSucceeded:
		word := "done"
		if step.StartedAt != nil && step.EndedAt != nil {
			word += " in " + showTook(step.EndedAt.Sub(*step.StartedAt))
		}
		words = append(words, word)
	case openapi.StepStateFailed:
		word := "failed"
		if step.Attempt > 1 || step.NextRetryAt != nil {
			word = fmt.Sprintf("attempt %d failed", step.Attempt)
		}
		if reason := text(step.Error); reason != "" {
			word += ": " + reason
		}
		words = append(words, word)
		if step.NextRetryAt != nil && !ended(p.operation.State) {
			retry := "next attempt at " + step.NextRetryAt.Local().Format(time.TimeOnly)
			if p.terminal != nil {
				retry = "next attempt in " + showTook(step.NextRetryAt.Sub(p.now()))
			}
			words = append(words, retry)
		}
	case openapi.StepStatePending:
		if message := text(step.Message); message != "" {
			words = append(words, message)
		}
	case openapi.StepStateSkipped:
		words = append(words, "skipped")
	}
	return strings.Join(words, "; ")
}
