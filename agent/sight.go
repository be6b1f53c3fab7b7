package agent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"vifd/agent/store"
	"vifd/vif"
)

// A sight is what this host has of vifd's, by its markers.
type sight struct {
	taps    map[string]vif.Tap        // by port
	ports   map[string]vif.SwitchPort // by port
	nics    map[string]shown          // by port
	servers bool                      // libvirt was asked, and answered
	whole   bool                      // and so did all others
	host    string
}

// A shown is a NIC as a server has it.
type shown struct {
	server string
	vif.ServerNIC
}

// sight looks at the host. Who does not answer has nothing.
func (a *agent) sight(ctx context.Context) *sight {
	w := &sight{taps: map[string]vif.Tap{}, ports: map[string]vif.SwitchPort{}, nics: map[string]shown{}, host: a.config.Host}
	taps, err := a.taps.Taps(ctx)
	for _, t := range taps {
		w.taps[t.Port] = t
	}
	ports, ovsErr := a.ovs.Ports(ctx)
	for _, p := range ports {
		w.ports[p.Port] = p
	}
	servers, libvirtErr := a.host.Servers(ctx)
	for _, s := range servers {
		for _, n := range s.NICs {
			if port, ours := strings.CutPrefix(n.Alias, vif.DeviceAliasPrefix); ours {
				w.nics[port] = shown{s.ID, n}
			}
		}
	}
	w.servers = libvirtErr == nil
	err = errors.Join(err, ovsErr, libvirtErr)
	w.whole = err == nil
	a.warn("not all of the host can be seen", err)
	return w
}

// still returns c with what it says of NICs that their server has no more turned
// into something to remove.
func (w *sight) still(c store.Copy) store.Copy {
	for i, at := range c.Attachments {
		if now, there := w.nics[at.NIC.Port.ID]; w.servers && (!there || now.server != at.NIC.Server) {
			c.Attachments[i].Desired = store.Absent
		}
	}
	return c
}

// adoptMarked takes in the NICs that servers have and the store does not know,
// with what their markers say of them.
func (w *sight) adoptMarked(tx *store.Tx, r *vif.Rebuilt) error {
	for port, n := range w.nics {
		_, err := tx.Attachment(port)
		if !errors.Is(err, vif.NotFound) {
			if err != nil {
				return err
			}
			continue
		}
		p, plugged := w.ports[port]
		if !plugged || p.Name != n.Tap || p.OFPort < store.FirstOFPort {
			r.Left = append(r.Left, fmt.Sprintf("attachment %s of server %s: it has no switch port that works", port, n.server))
			continue
		}
		c, err := w.remembered(tx, n, p)
		if err != nil {
			return err
		}
		if err := adopt(tx, c, r); err != nil {
			return err
		}
	}
	return nil
}

// remembered makes of markers what an attach would have noted. A network that the
// store does not know gets the name of its segment, and an address whose subnet
// it does not know a subnet of that one address.
func (w *sight) remembered(tx *store.Tx, n shown, p vif.SwitchPort) (c store.Copy, err error) {
	now := time.Now().UTC()
	c.Format = store.CopyFormat
	port, err := tx.Port(p.Port)
	if errors.Is(err, vif.NotFound) {
		port, err = vif.Port{ID: p.Port, Ephemeral: true, AdminUp: true, DeviceOwner: "compute:nova", Created: now, Updated: now}, nil
		port.Groups = strings.FieldsFunc(p.Groups, func(r rune) bool { return r == ',' })
	}
	if err != nil {
		return c, err
	}
	network := vif.Network{
		ID: cmp.Or(p.Network, derived(p.Bridge, fmt.Sprint(p.VLAN))), Name: fmt.Sprintf("rebuilt-%s-%d", p.Bridge, p.VLAN), Segment: vif.Segment{Bridge: p.Bridge, VLAN: p.VLAN},
		MTU: cmp.Or(n.MTU, 1500), AdminUp: true, Secure: true, Shared: true, Created: now, Updated: now,
	}
	port.Network, port.MAC, port.MTU, port.Segment, port.Secure = network.ID, p.MAC, network.MTU, network.Segment, p.Secure
	port.Device, port.Host = n.server, w.host
	if port.Claim, err = tx.NextClaim(); err != nil {
		return c, err
	}
	c.Networks = []vif.Network{network}
	if port.FixedIPs, c.Subnets, err = placed(tx, network, p.Addresses); err != nil {
		return c, err
	}
	c.Ports = []vif.Port{port}
	c.Attachments = []store.Attachment{{
		NIC: vif.NIC{Port: port, Server: n.server, Tag: n.Tag, Tap: p.Name, OFPort: p.OFPort, Gen: p.Gen,
			Queues: max(1, n.Queues), Offload: n.Offload, Link: linked(n.Link), PCI: n.PCI},
		Desired: store.Attached, Settled: true,
	}}
	return c, nil
}

func linked(up bool) vif.Link {
	if up {
		return vif.LinkUp
	}
	return vif.LinkDown
}

// placed finds the subnets of the addresses, and makes those that are not there.
func placed(tx *store.Tx, n vif.Network, list string) (ips []vif.FixedIP, made []vif.Subnet, err error) {
	subnets, err := tx.SubnetsOf(n.ID)
	for text := range strings.SplitSeq(list, ",") {
		a, bad := netip.ParseAddr(text)
		if bad != nil || err != nil {
			continue
		}
		id := within(subnets, a)
		if id == "" {
			id = derived(n.ID, text)
			made = append(made, vif.Subnet{ID: id, Name: "rebuilt-" + text, Network: n.ID, CIDR: netip.PrefixFrom(a, a.BitLen()),
				NoGateway: true, Created: n.Created, Updated: n.Updated})
		}
		ips = append(ips, vif.FixedIP{Subnet: id, Address: a})
	}
	return ips, made, err
}

func within(subnets []vif.Subnet, a netip.Addr) string {
	for _, s := range subnets {
		if s.CIDR.Contains(a) {
			return s.ID
		}
	}
	return ""
}

// derived returns an ID that the same words always give.
func derived(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, " ")))
	id, _ := uuid.FromBytes(sum[:16]) // 16 bytes are always one
	return id.String()
}
