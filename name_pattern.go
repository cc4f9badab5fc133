package toygres

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// numbered is a name with one range of numbers in it, such as load-{001..100}.
var numbered = regexp.MustCompile(`^([^{}]*)\{([0-9]{1,9})\.\.([0-9]{1,9})\}([^{}]*)$`)

// ExpandName returns the names that a pattern stands for, as a shell does it:
// load-{001..100} is load-001 to load-100, all numbers as wide as the wider
// bound if one begins with a zero. A name without braces stands for itself. The
// error is a [FieldError] about field.
func ExpandName(field, pattern string) ([]string, *FieldError) {
	if !strings.ContainsAny(pattern, "{}") {
		return []string{pattern}, nil
	}
	wrong := func(rule, format string, args ...any) ([]string, *FieldError) {
		return nil, &FieldError{Field: field, Rule: rule, Message: fmt.Sprintf(format, args...)}
	}
	parts := numbered.FindStringSubmatch(pattern)
	if parts == nil {
		return wrong("pattern", "must have one range of numbers in braces, like load-{001..100}")
	}
	first, _ := strconv.Atoi(parts[2]) // nine digits fit
	last, _ := strconv.Atoi(parts[3])
	switch {
	case first > last:
		return wrong("pattern", "must count upwards, like load-{001..100}")
	case last-first >= MaxBatch:
		return wrong("max_items", "stands for %d names, but at most %d are allowed", last-first+1, MaxBatch)
	}
	width := 0
	if padded(parts[2]) || padded(parts[3]) {
		width = max(len(parts[2]), len(parts[3]))
	}
	names := make([]string, 0, last-first+1)
	for n := first; n <= last; n++ {
		names = append(names, fmt.Sprintf("%s%0*d%s", parts[1], width, n, parts[4]))
	}
	return names, nil
}

func padded(number string) bool { return len(number) > 1 && number[0] == '0' }
