// Package local asks what only the stack of make up can answer. It holds tests
// only.
package local
