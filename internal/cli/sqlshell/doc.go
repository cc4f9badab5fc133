// Package sqlshell is a small SQL shell for machines without psql. It reads
// statements, runs them and prints their results, and behaves like psql in
// what it has: the options -c, -f, -A, -t, -q, -X and -v ON_ERROR_STOP, and
// the exit codes.
package sqlshell
