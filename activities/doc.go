// Package activities does the work of durable operations: one struct for each
// thing that is needed, one method for each step. Every method can be tried
// again after a crash at any point, marks its step in the catalog, and neither
// takes nor returns a secret, because Temporal keeps both for weeks.
package activities
