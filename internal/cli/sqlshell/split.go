package sqlshell

import (
	"strings"
	"unicode/utf8"
)

// next returns the first complete statement of sql, with its semicolon, and
// what follows it. It follows PostgreSQL's lexer: a semicolon within quotes,
// dollar quotes, comments, parentheses or the body of a SQL function ends
// nothing. ok is false when no statement is complete.
func next(sql string) (statement, rest string, ok bool) {
	parens, begins := 0, 0
	var words []string // the first words of the statement, to know function bodies
	for i := 0; i < len(sql); {
		size, complete := token(sql, i)
		if !complete {
			return "", sql, false
		}
		switch c := sql[i]; {
		case c == '(' || c == '[':
			parens++
		case c == ')' || c == ']':
			parens = max(0, parens-1)
		case c == ';' && parens == 0 && begins == 0:
			return strings.TrimSpace(sql[:i+1]), sql[i+1:], true
		case isWordStart(sql[i:]):
			word := strings.ToLower(sql[i : i+size])
			if len(words) < 4 {
				words = append(words, word)
			}
			begins += nesting(words, word, begins)
		}
		i += size
	}
	return "", sql, false
}

// nesting says how a word changes the depth of BEGIN ATOMIC … END blocks, as
// psql does: only within CREATE [OR REPLACE] FUNCTION or PROCEDURE does BEGIN
// open a body, and CASE within it has an END of its own.
func nesting(words []string, word string, depth int) int {
	i := 1
	if len(words) >= 4 && words[1] == "or" && words[2] == "replace" {
		i = 3
	}
	if words[0] != "create" || len(words) <= i || (words[i] != "function" && words[i] != "procedure") {
		return 0
	}
	switch {
	case word == "begin", word == "case" && depth > 0:
		return 1
	case word == "end" && depth > 0:
		return -1
	}
	return 0
}

// token returns the length of the lexical element at i, which is never 0, and
// whether it is complete.
func token(sql string, i int) (size int, complete bool) {
	s := sql[i:]
	switch {
	case strings.HasPrefix(s, "--"):
		if end := strings.IndexByte(s, '\n'); end >= 0 {
			return end + 1, true
		}
		return len(s), true // a comment at the end; no semicolon follows anyway
	case strings.HasPrefix(s, "/*"):
		return comment(s)
	case s[0] == '\'':
		return quoted(s, '\'', false)
	case s[0] == '"':
		return quoted(s, '"', false)
	case (s[0] == 'e' || s[0] == 'E') && len(s) > 1 && s[1] == '\'':
		size, complete := quoted(s[1:], '\'', true)
		return size + 1, complete
	case s[0] == '$':
		return dollarQuoted(s)
	case isWordStart(s):
		return word(s), true
	case s[0] >= '0' && s[0] <= '9':
		return word(s), true // so that the $ in 1$a$ opens no quote
	}
	_, size = utf8.DecodeRuneInString(s)
	return size, true
}

// quoted measures a text in quotes, where a doubled quote stands for itself.
func quoted(s string, quote byte, backslash bool) (int, bool) {
	for i := 1; i < len(s); i++ {
		switch {
		case backslash && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1, true
		}
	}
	return len(s), false
}

// comment measures a /* comment */, which may hold others.
func comment(s string) (int, bool) {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(s), false
}

// dollarQuoted measures $tag$ text $tag$, or a single $ where no such quote
// begins, as in $1.
func dollarQuoted(s string) (int, bool) {
	end := 1
	for end < len(s) && isWordByte(s[end]) && s[end] != '$' && (end > 1 || s[end] < '0' || s[end] > '9') {
		end++
	}
	if end >= len(s) || s[end] != '$' {
		return 1, true
	}
	tag := s[:end+1]
	if closing := strings.Index(s[len(tag):], tag); closing >= 0 {
		return len(tag) + closing + len(tag), true
	}
	return len(s), false
}

func isWordStart(s string) bool {
	return s[0] == '_' || s[0] >= 0x80 || (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z')
}

// word measures an identifier, keyword or number.
func word(s string) int {
	end := 1
	for end < len(s) && isWordByte(s[end]) {
		end++
	}
	return end
}

// blank reports whether sql holds nothing but white space and comments.
func blank(sql string) bool {
	for i := 0; i < len(sql); {
		size, complete := token(sql, i)
		isComment := strings.HasPrefix(sql[i:], "--") || strings.HasPrefix(sql[i:], "/*")
		if !complete || (!isComment && !strings.ContainsRune(" \t\r\n\f\v", rune(sql[i]))) {
			return false
		}
		i += size
	}
	return true
}
