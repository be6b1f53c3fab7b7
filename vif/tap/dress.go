package tap

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// dress sets what link has not yet of what n wants, in one message: each change
// of a link wakes all who watch links, and ovs-vswitchd then goes through its ports.
// So the link is promiscuous at once, as a switch makes each link that it takes.
// No answer tells whether a link is silent; to set that again changes nothing.
func (d *Devices) dress(link netlink.Link, n vif.NIC, mac net.HardwareAddr) error {
	is := link.Attrs()
	var unmet []*nl.RtAttr
	if is.Alias != n.TapAlias() {
		unmet = append(unmet, nl.NewRtAttr(unix.IFLA_IFALIAS, []byte(n.TapAlias())))
	}
	if is.MTU != n.Port.MTU {
		unmet = append(unmet, nl.NewRtAttr(unix.IFLA_MTU, nl.Uint32Attr(uint32(n.Port.MTU))))
	}
	if !bytes.Equal(is.HardwareAddr, mac) {
		unmet = append(unmet, nl.NewRtAttr(unix.IFLA_ADDRESS, mac))
	}
	err := d.setLink(is.Index, append(slices.Clone(unmet), silent())...)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		err = d.dressApart(is.Index, unmet)
	}
	if err != nil {
		return fmt.Errorf("tap %s: set alias, MTU, MAC and addrgenmode: %w: %w", n.Tap, vif.Unavailable, err)
	}
	return nil
}

// dressApart sets what is unmet of a link that had no IPv6, and then has it silent:
// its MTU may have been too small for IPv6. A kernel that has none is silent.
func (d *Devices) dressApart(index int, unmet []*nl.RtAttr) error {
	if err := d.setLink(index, unmet...); err != nil {
		return err
	}
	if err := d.setLink(index, silent()); !errors.Is(err, unix.EAFNOSUPPORT) {
		return err
	}
	return nil
}

// silent keeps the kernel from giving a link an IPv6 address of its own, by which
// a guest could reach the host (IFLA_INET6_ADDR_GEN_MODE).
func silent() *nl.RtAttr {
	mode := nl.NewRtAttr(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{nl.IN6_ADDR_GEN_MODE_NONE})
	return nl.NewRtAttr(unix.IFLA_AF_SPEC, nl.NewRtAttr(unix.AF_INET6, mode.Serialize()).Serialize())
}

// setLink sends one RTM_SETLINK (rtnetlink(7)) with all the attributes, and makes the
// link promiscuous.
func (d *Devices) setLink(index int, attributes ...*nl.RtAttr) error {
	request := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	request.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: d.set}
	about := nl.NewIfInfomsg(unix.AF_UNSPEC)
	about.Index = int32(index)
	about.Flags, about.Change = unix.IFF_PROMISC, unix.IFF_PROMISC
	request.AddData(about)
	for _, a := range attributes {
		request.AddData(a)
	}
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
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
