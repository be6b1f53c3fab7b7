package testhost

import (
	"context"
	"fmt"
	"hash/fnv"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// A Peer is a machine on a network beside the guests: a network namespace,
// joined to br-int by a veth pair. The kernel leaves checksums and the cutting
// of big packets to hardware that a veth has not got, and Open vSwitch in user
// space does neither, so the peer's end does both itself.
type Peer struct {
	Name string // of the namespace, for ip netns exec
	port string
}

// Peer returns a peer on a network of this host, given by its name or as a VLAN
// number, with addresses such as 10.20.0.250/24. Asked again, it returns the
// same peer.
func (h *Host) Peer(ctx context.Context, network string, addrs ...string) (*Peer, error) {
	vlan, err := h.vlan(network)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("a peer on %s needs an address", network)
	}
	p := newPeer(network, addrs)
	if _, err := run(ctx, "ip", "netns", "pids", p.Name); err == nil {
		return p, nil
	}
	for _, command := range p.making(vlan, addrs) {
		if _, err := run(ctx, command[0], command[1:]...); err != nil {
			return nil, fmt.Errorf("peer %s: %w", p.Name, err)
		}
	}
	return p, nil
}

func newPeer(network string, addrs []string) *Peer {
	name := network + "-" + strings.ReplaceAll(strings.Join(addrs, "-"), "/", "_")
	sum := fnv.New32a()
	sum.Write([]byte(name)) // never fails
	return &Peer{Name: name, port: fmt.Sprintf("peer%08x", sum.Sum32())}
}

func (p *Peer) making(vlan int, addrs []string) [][]string {
	in := func(command ...string) []string {
		return append([]string{"ip", "netns", "exec", p.Name}, command...)
	}
	commands := [][]string{
		{"ip", "netns", "add", p.Name},
		{"ip", "link", "add", p.port, "type", "veth", "peer", "name", "eth0", "netns", p.Name},
		in("ethtool", "-K", "eth0", "tx", "off", "tso", "off", "gso", "off", "gro", "off"),
		in("ip", "link", "set", "lo", "up"),
		in("ip", "link", "set", "eth0", "up"),
		{"ip", "link", "set", p.port, "addrgenmode", "none", "up"},
		{"ovs-vsctl", "--timeout=10", "--may-exist", "add-port", "br-int", p.port, "tag=" + strconv.Itoa(vlan)},
	}
	for _, a := range addrs {
		add := in("ip", "addr", "add", a, "dev", "eth0")
		if strings.Contains(a, ":") {
			add = append(add, "nodad")
		}
		commands = append(commands, add)
	}
	return commands
}

// Command returns a command that runs in the peer's namespace.
func (p *Peer) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", p.Name, name}, args...)...)
}

// Run runs a command in the peer's namespace and returns what it printed.
func (p *Peer) Run(ctx context.Context, name string, args ...string) (string, error) {
	return run(ctx, "ip", append([]string{"netns", "exec", p.Name, name}, args...)...)
}

// Remove takes the peer and its port away.
func (p *Peer) Remove(ctx context.Context) error {
	for _, command := range [][]string{
		{"ovs-vsctl", "--timeout=10", "--if-exists", "del-port", "br-int", p.port},
		{"ip", "link", "del", p.port},
		{"ip", "netns", "del", p.Name},
	} {
		if _, err := run(ctx, command[0], command[1:]...); err != nil {
			return fmt.Errorf("remove peer %s: %w", p.Name, err)
		}
	}
	return nil
}

// vlan returns the VLAN of a network of this host, or of one given as its number.
func (h *Host) vlan(network string) (int, error) {
	i := slices.IndexFunc(h.networks, func(n Network) bool { return n.Name == network })
	if i >= 0 {
		return h.networks[i].VLAN, nil
	}
	vlan, err := strconv.Atoi(network)
	if err != nil || vlan < 0 || vlan > 4094 {
		return 0, fmt.Errorf("%q is neither a network of this host nor a VLAN", network)
	}
	return vlan, nil
}
