// Package toygres is the domain of Toygres, a control plane that offers
// PostgreSQL as a service: instances and their states, operations and their
// steps, events, the rules for what a user may ask, the one coded error, and
// the interface behind which instances live. It imports the standard library
// only, so that every other package can depend on it.
package toygres
