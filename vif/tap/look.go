package tap

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// Tap returns the tap of ours that has the name. Both false: there is no device
// of that name. Only ours false: it is a stranger's.
func (d *Devices) Tap(ctx context.Context, name string) (t vif.Tap, there, ours bool, err error) {
	link, err := find(d.read, name)
	if err != nil || link == nil {
		return vif.Tap{}, false, false, err
	}
	t, ours = describe(link, name)
	return t, true, ours, nil
}

// Taps returns every tap of ours. A dump that a change interrupted is asked for
// again, for as long as ctx allows.
func (d *Devices) Taps(ctx context.Context) ([]vif.Tap, error) {
	for ctx.Err() == nil {
		links, err := d.read.LinkList()
		if errors.Is(err, netlink.ErrDumpInterrupted) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list links: %w: %w", vif.Unavailable, err)
		}
		loud, err := d.loud()
		if errors.Is(err, netlink.ErrDumpInterrupted) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list addresses: %w: %w", vif.Unavailable, err)
		}
		var taps []vif.Tap
		for _, link := range links {
			if t, ours := describe(link, link.Attrs().Name); ours {
				t.Loud = loud[t.Index]
				taps = append(taps, t)
			}
		}
		return taps, nil
	}
	return nil, vif.Unavailable.From(context.Cause(ctx), "the links of this host keep changing")
}

// loud returns the devices to which the kernel has given a link-local address, as
// it does to a tap that for a while had an MTU too small for IPv6.
func (d *Devices) loud() (map[int]bool, error) {
	addresses, err := d.read.AddrList(nil, unix.AF_INET6)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return nil, nil
	}
	loud := map[int]bool{}
	for _, a := range addresses {
		if a.IP.IsLinkLocalUnicast() {
			loud[a.LinkIndex] = true
		}
	}
	return loud, err
}

// Index returns the ifindex of the device of that name, whoever's it is, and
// false when there is none. It costs one system call (SIOCGIFINDEX).
func (d *Devices) Index(name string) (int, bool) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, false
	}
	if err := unix.IoctlIfreq(d.probe, unix.SIOCGIFINDEX, request); err != nil {
		return 0, false
	}
	return int(request.Uint32()), true
}

// Carrier tells whether somebody, that is QEMU, holds the tap's other end. It
// knows at once, while the operstate lags behind by up to a second. A tap that
// does not exist is vif.NotFound.
func (d *Devices) Carrier(name string) (bool, error) {
	link, err := find(d.read, name)
	if err != nil {
		return false, err
	}
	if link == nil {
		return false, vif.NotFound.Because("there is no tap %s", name)
	}
	return carrier(link), nil
}

// find returns the link of that name, or nil when there is none.
func find(nl *netlink.Handle, name string) (netlink.Link, error) {
	link, err := nl.LinkByName(name)
	if _, missing := errors.AsType[netlink.LinkNotFoundError](err); missing {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("link %s: %w: %w", name, vif.Unavailable, err)
	}
	return link, nil
}

// owned reads whose tap link is. A link that merely has the name as one of its
// further names (IFLA_ALT_IFNAME) is none of ours.
func owned(link netlink.Link, name string) (port string, gen int64, ours bool) {
	if link.Attrs().Name != name {
		return "", 0, false
	}
	return vif.ParseTapAlias(link.Attrs().Alias)
}

func describe(link netlink.Link, name string) (vif.Tap, bool) {
	port, gen, ours := owned(link, name)
	if !ours {
		return vif.Tap{}, false
	}
	is := link.Attrs()
	return vif.Tap{
		Name:    is.Name,
		Index:   is.Index,
		Port:    port,
		Gen:     gen,
		MTU:     is.MTU,
		Up:      is.RawFlags&unix.IFF_UP != 0,
		Carrier: carrier(link),
	}, true
}

func carrier(link netlink.Link) bool { return link.Attrs().RawFlags&unix.IFF_LOWER_UP != 0 }
