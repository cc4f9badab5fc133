// Package cluster runs real clusters: what they can do, and that nothing of them stays on the machine. It needs
// root on Linux.
package cluster
