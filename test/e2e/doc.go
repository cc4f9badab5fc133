// Package e2e drives a real Toygres as people do: with the command line, over
// REST, in a browser, and with PostgreSQL's own clients. It holds tests only.
package e2e
