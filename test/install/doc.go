// Package install has Helm install the chart on a real Kubernetes of one node, as docs/install-kubernetes.md says, and upgrade
// and uninstall it there. It holds tests only. What an installed Toygres must do, test/e2e asks.
package install
