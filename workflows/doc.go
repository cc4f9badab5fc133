// Package workflows holds the durable operations, one workflow each, in one
// file each. A workflow decides what happens next and nothing else: the work
// is in package activities. Code here runs again from the start whenever a
// worker picks an operation up, so it must be deterministic: no clock, no
// randomness, no goroutines and no maps walked in order, other than the
// workflow package's own. Histories of released versions are kept in testdata
// and replayed by the tests.
package workflows
