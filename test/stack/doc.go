// Package stack runs a whole Toygres whose instances are on a real cluster:
// make up with PROVIDER=kubernetes, operations that can't succeed, and a
// cluster whose programs are killed. It holds tests only.
package stack
