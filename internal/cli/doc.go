// Package cli is the toygres command: one file per group of commands, on top
// of the client that is generated from the contract. What a command was asked
// for goes to standard output; progress, hints and errors go to standard
// error, so that output can always be piped.
package cli
