package tap

import (
	"bytes"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// A setting is one thing that a NIC wants of its link.
type setting struct {
	name string
	met  bool
	set  func() error
}

// settings are what n wants of link, and which of it the link has already.
func (d *Devices) settings(link netlink.Link, n vif.NIC, mac net.HardwareAddr) []setting {
	is := link.Attrs()
	return []setting{
		{"alias", is.Alias == n.TapAlias(),
			func() error { return d.write.LinkSetAlias(link, n.TapAlias()) }},
		{"MTU", is.MTU == n.Port.MTU,
			func() error { return d.write.LinkSetMTU(link, n.Port.MTU) }},
		{"addrgenmode", false, // no answer tells; setting it again is silent
			func() error { return d.silence(link) }},
		{"MAC", bytes.Equal(is.HardwareAddr, mac),
			func() error { return d.write.LinkSetHardwareAddr(link, mac) }},
	}
}

// dress sets what link has not yet of what n wants.
func (d *Devices) dress(link netlink.Link, n vif.NIC, mac net.HardwareAddr) error {
	for _, s := range d.settings(link, n, mac) {
		if s.met {
			continue
		}
		if err := s.set(); err != nil {
			return fmt.Errorf("tap %s: set %s: %w: %w", n.Tap, s.name, vif.Unavailable, err)
		}
	}
	return nil
}

// silence keeps the kernel from giving the tap an IPv6 address of its own, by
// which a guest could reach the host. Without IPv6 in the kernel there is none.
func (d *Devices) silence(link netlink.Link) error {
	err := d.write.LinkSetIP6AddrGenMode(link, nl.IN6_ADDR_GEN_MODE_NONE)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return nil
	}
	return err
}

// hush takes the IPv6 addresses from a tap that the kernel gave it all the same:
// while somebody had its MTU too small for IPv6, the kernel forgot to be silent.
func (d *Devices) hush(link netlink.Link) error {
	addresses, err := d.write.AddrList(link, unix.AF_INET6)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return nil
	}
	for _, a := range addresses {
		if a.IP.IsLinkLocalUnicast() {
			err = errors.Join(err, d.write.AddrDel(link, &a))
		}
	}
	if err != nil {
		return fmt.Errorf("tap %s: take its addresses away: %w: %w", link.Attrs().Name, vif.Unavailable, err)
	}
	return nil
}
