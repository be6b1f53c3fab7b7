package tap

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"vifd/vif"
	"vifd/vif/fail"
)

// The bounds of a tap's MTU (ETH_MIN_MTU and, of tun_net_init, 65535 less the
// Ethernet header).
const (
	minMTU = 68
	maxMTU = 65535 - 14
)

// Create returns when n's tap exists as n wants it: persistent and with our
// alias, but down until Raise. A second time it changes nothing but what others changed meanwhile. A
// tap that an older generation of the port left is made anew. A device of that
// name which is a stranger's, another port's or a newer generation's is
// vif.InUse. Until it is whole the tap is bound to an open file, so that a
// Create which fails or dies leaves none.
func (d *Devices) Create(ctx context.Context, n vif.NIC) error {
	mac, err := hostMAC(n.Port.MAC)
	if err != nil {
		return err
	}
	if n.Port.MTU < minMTU || n.Port.MTU > maxMTU {
		return vif.Invalid.Because("an MTU of %d is not possible: it is %d to %d", n.Port.MTU, minMTU, maxMTU)
	}
	return d.do(ctx, n.Tap, func() error { return d.create(ctx, n, mac) })
}

func (d *Devices) create(ctx context.Context, n vif.NIC, mac net.HardwareAddr) error {
	if _, there := d.Index(n.Tap); !there { // mostly so, and quickly said
		return d.build(ctx, n, mac)
	}
	link, err := find(d.write, n.Tap)
	if err != nil {
		return err
	}
	if link == nil {
		return d.build(ctx, n, mac)
	}
	port, gen, ours := owned(link, n.Tap)
	switch {
	case !ours:
		return stranger(n.Tap)
	case port != n.Port.ID:
		return vif.InUse.Because("the tap %s is port %s's", n.Tap, port)
	case gen > n.Gen:
		return vif.InUse.Because("the tap %s is a newer attachment's of the port", n.Tap)
	case gen < n.Gen, !fits(link, n):
		if err := d.destroy(link); err != nil {
			return err
		}
		return d.build(ctx, n, mac)
	}
	if err := d.dress(link, n, mac); err != nil {
		return err
	}
	return d.hush(link)
}

// fits tells whether link can stay as n's tap. One that is the wrong kind of
// device stays too while somebody holds its other end: it serves its guest.
func fits(link netlink.Link, n vif.NIC) bool {
	t, ok := link.(*netlink.Tuntap)
	return carrier(link) || ok && !t.NonPersist && uint16(t.Mode)|uint16(t.Flags) == wantedFeatures(n)
}

// build makes n's tap where there is none.
func (d *Devices) build(ctx context.Context, n vif.NIC, mac net.HardwareAddr) (err error) {
	t, err := d.openTun(n.Tap, wantedFeatures(n))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()

	index, there := d.Index(n.Tap)
	if !there {
		return fmt.Errorf("tap %s: %w: deleted while it was made", n.Tap, vif.Unavailable)
	}
	link := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: n.Tap, Index: index}}
	if err := fail.At(fail.A2, t.own(d.owner)); err != nil {
		return err
	}
	if err := fail.At(fail.A3, d.dress(link, n, mac)); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return tooLate(n.Tap, context.Cause(ctx))
	}
	return fail.At(fail.A4, t.persist())
}

// hostMAC returns the MAC of the host's end of a NIC: the guest's, with a first
// byte that ranks it after every other on a bridge, as libvirt does it.
func hostMAC(guest string) (net.HardwareAddr, error) {
	mac, err := net.ParseMAC(guest)
	if err != nil || len(mac) != 6 {
		return nil, vif.Invalid.Because("%q is not the MAC address of a NIC", guest)
	}
	mac[0] = 0xfe
	return mac, nil
}

func stranger(name string) error {
	return vif.InUse.Because("a device named %s exists on this host, and its alias does not say that it is vifd's: delete it, or give it its alias back", name)
}
