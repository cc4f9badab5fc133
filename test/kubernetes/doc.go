// Package kubernetes runs the provider kubernetes against a real cluster with a
// real kubelet: the conformance suite, and what only a cluster can show. It
// holds tests only.
package kubernetes
