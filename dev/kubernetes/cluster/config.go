// Package cluster runs a Kubernetes of one node on this machine, as root on Linux.
//
// Everything runs below one process, the node, which has a PID, a mount and a network namespace of its own. So nothing
// of the cluster can outlive the node, whoever kills it; what the kubelet and the containers mount, and the interfaces,
// routes and rules that the proxy and the pods' network make, end with the node too; and any number of clusters can run
// side by side with the ports that Kubernetes usually has. The host sees one network interface, one directory of
// control groups and the state directory. See node.go for what the node does, and down.go for what is put back.
package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
)

// Config is what is chosen at the first start of a cluster and kept in its state directory.
type Config struct {
	// ID tells clusters of one machine apart: it is in the name of the interface and of the control group.
	ID string `json:"id"`
	// Network is all of the cluster's addresses, a /16.
	Network netip.Prefix `json:"network"`
	// Program is the one that started the cluster last.
	Program string `json:"program"`

	state string // directory
}

// NodeName is the name of the only node.
const NodeName = "toygres"

// Domain is the domain of the cluster's DNS.
const Domain = "cluster.local"

// The third byte of an address says what it is for.
const (
	linkBlock     = 0 // the interface between host and node
	podBlock      = 1
	serviceBlock  = 2
	balancerBlock = 3
)

func (c Config) address(block, host byte) netip.Addr {
	b := c.Network.Addr().As4()
	b[2], b[3] = block, host
	return netip.AddrFrom4(b)
}

func (c Config) block(block byte) netip.Prefix { return netip.PrefixFrom(c.address(block, 0), 24) }

// HostAddress is where pods reach the host.
func (c Config) HostAddress() netip.Addr { return c.address(linkBlock, 1) }

// NodeAddress is the node's, where the API server listens as well.
func (c Config) NodeAddress() netip.Addr { return c.address(linkBlock, 2) }

func (c Config) apiService() netip.Addr { return c.address(serviceBlock, 1) }
func (c Config) dnsService() netip.Addr { return c.address(serviceBlock, 10) }

const apiPort = 6443

func (c Config) apiURL() string { return fmt.Sprintf("https://%s:%d", c.NodeAddress(), apiPort) }

// link is the host's end of the interface between host and node. Names may have 15 letters.
func (c Config) link() string { return "toygres-" + c.ID }

// cgroup is below the root of each hierarchy of control groups.
func (c Config) cgroup() string { return "toygres-" + c.ID }

func (c Config) path(elem ...string) string {
	return filepath.Join(append([]string{c.state}, elem...)...)
}

// Kubeconfig is the file with which to be the cluster's administrator.
func (c Config) Kubeconfig() string { return c.path("kubeconfig") }

// containerd is its socket.
func (c Config) containerd() string { return c.path("containerd.sock") }

// Load reads the configuration of the cluster in a state directory. There is none if it was never started: then the
// error is fs.ErrNotExist.
func Load(state string) (Config, error) {
	state, err := filepath.Abs(state)
	if err != nil {
		return Config{}, err
	}
	c := Config{state: state}
	content, err := os.ReadFile(c.path("config.json"))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return c, fmt.Errorf("%s: %w", c.path("config.json"), err)
	}
	return c, nil
}

// loadOrCreate also chooses what a new cluster needs.
func loadOrCreate(state string) (Config, error) {
	c, err := Load(state)
	if !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	id := make([]byte, 3)
	_, _ = rand.Read(id) // never fails
	c.ID = hex.EncodeToString(id)
	if c.Network, err = freeNetwork(); err != nil {
		return c, err
	}
	// Pods' files are reached by bind mounts, so nobody else needs to enter.
	if err := os.MkdirAll(c.state, 0o700); err != nil {
		return c, err
	}
	return c, c.write()
}

func (c Config) write() error {
	return writeJSON(c.path("config.json"), c)
}

// writeJSON replaces a file, whole or not at all.
func writeJSON(file string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(content, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
