package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// freeNetwork finds a private /16 that no route of this machine leads to or into.
func freeNetwork() (netip.Prefix, error) {
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("list the routes: %w", err)
	}
	var used []netip.Prefix
	for _, route := range routes {
		if route.Dst == nil {
			continue
		}
		address, _ := netip.AddrFromSlice(route.Dst.IP.To4())
		if bits, _ := route.Dst.Mask.Size(); bits > 0 { // not a default route
			used = append(used, netip.PrefixFrom(address, bits))
		}
	}
	for _, n := range rand.Perm(100) {
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(100 + n), 0, 0}), 16)
		if !overlapsAny(network, used) {
			return network, nil
		}
	}
	return netip.Prefix{}, errors.New("all of 10.100.0.0 to 10.199.255.255 is in use on this machine: free some of it")
}

func overlapsAny(network netip.Prefix, others []netip.Prefix) bool {
	for _, other := range others {
		if network.Overlaps(other) {
			return true
		}
	}
	return false
}

const nodeLink = "eth0" // the node's end

// connect gives the node, whose process this is, an interface to the host.
func (c Config) connect(pid int) error {
	if err := c.disconnect(); err != nil {
		return err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = c.link()
	link := &netlink.Veth{LinkAttrs: attributes, PeerName: nodeLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("add the interface %s: %w", c.link(), err)
	}
	host, err := netlink.LinkByName(c.link())
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(c.HostAddress(), 24))}
	if err := errors.Join(netlink.AddrAdd(host, address), netlink.LinkSetUp(host)); err != nil {
		return fmt.Errorf("set up the interface %s: %w", c.link(), err)
	}
	// Pods and Services are reached through the node.
	err = netlink.RouteAdd(&netlink.Route{LinkIndex: host.Attrs().Index, Dst: ipNet(c.Network), Gw: c.NodeAddress().AsSlice()})
	if err != nil {
		return fmt.Errorf("add the route to %s: %w", c.Network, err)
	}
	return nil
}

// disconnect removes the interface if it is there, and its addresses and routes with it.
func (c Config) disconnect() error {
	link, err := netlink.LinkByName(c.link())
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) { // it may go with the node meanwhile
		return fmt.Errorf("remove the interface %s: %w", c.link(), err)
	}
	return nil
}

// configureNode is done by the node, in its own network namespace.
func (c Config) configureNode() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(c.NodeAddress(), 24))}
	if err := errors.Join(netlink.LinkSetUp(loopback), netlink.AddrAdd(link, address), netlink.LinkSetUp(link)); err != nil {
		return err
	}
	// The host is the way to everywhere else: to its own addresses, and further if it forwards.
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: c.HostAddress().AsSlice()}); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}
}

// lookUp asks the cluster's DNS for the addresses of a name.
func (c Config) lookUp(ctx context.Context, name string) ([]netip.Addr, error) {
	server := netip.AddrPortFrom(c.dnsService(), 53).String()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return resolver.LookupNetIP(ctx, "ip4", name)
}
