// Package libvirtxml turns NICs and vifd's metadata into libvirt's domain XML,
// and domain XML into what vifd needs to know of a server. It is pure: it talks
// to nobody, and needs no cgo.
//
// What is written goes through the types of libvirt.org/go/libvirtxml, so that
// no text of a user can become markup. What is only looked at is read by types
// of our own with the few fields that count: a device of a kind that we do not
// know must not hide the server that has it.
package libvirtxml

import (
	"libvirt.org/go/libvirtxml"

	"vifd/vif"
)

// Interface returns the <interface> element that gives n to a guest: a virtio
// NIC on the tap n.Tap, which must exist when the element is used, since libvirt
// neither makes nor deletes it (managed='no'). up is the link that the guest
// sees. Without n.PCI libvirt chooses the address.
//
// A field of n that XML or libvirt would not take as it is gives vif.Invalid.
func Interface(n vif.NIC, up bool) (string, error) {
	if err := check(n); err != nil {
		return "", err
	}
	address, err := address(n.PCI)
	if err != nil {
		return "", err
	}
	x := libvirtxml.DomainInterface{
		Source:  &libvirtxml.DomainInterfaceSource{Ethernet: &libvirtxml.DomainInterfaceSourceEthernet{}},
		MAC:     &libvirtxml.DomainInterfaceMAC{Address: n.Port.MAC},
		Target:  &libvirtxml.DomainInterfaceTarget{Dev: n.Tap, Managed: "no"},
		Model:   &libvirtxml.DomainInterfaceModel{Type: "virtio"},
		Driver:  driver(n),
		Link:    link(up),
		MTU:     mtu(n.Port.MTU),
		Alias:   &libvirtxml.DomainAlias{Name: n.DeviceAlias()},
		Address: address,
	}
	return x.Marshal()
}

// driver returns what differs from libvirt's own choice. Its name stays open:
// libvirt takes vhost where the host has it, and QEMU where not.
func driver(n vif.NIC) *libvirtxml.DomainInterfaceDriver {
	if n.Queues <= 1 && n.Offload {
		return nil
	}
	d := &libvirtxml.DomainInterfaceDriver{}
	if n.Queues > 1 {
		d.Queues = uint(n.Queues)
	}
	if !n.Offload {
		d.Host = &libvirtxml.DomainInterfaceDriverHost{
			CSum: "off", GSO: "off", TSO4: "off", TSO6: "off", ECN: "off", UFO: "off",
		}
		d.Guest = &libvirtxml.DomainInterfaceDriverGuest{
			CSum: "off", TSO4: "off", TSO6: "off", ECN: "off", UFO: "off",
		}
	}
	return d
}

func link(up bool) *libvirtxml.DomainInterfaceLink {
	if up {
		return &libvirtxml.DomainInterfaceLink{State: "up"}
	}
	return &libvirtxml.DomainInterfaceLink{State: "down"}
}

func mtu(size int) *libvirtxml.DomainInterfaceMTU {
	if size <= 0 {
		return nil
	}
	return &libvirtxml.DomainInterfaceMTU{Size: uint(size)}
}
