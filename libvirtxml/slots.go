package libvirtxml

import (
	"slices"
	"strings"

	"vifd/vif"
)

// A controllerXML is the part of <controller> that is looked at.
type controllerXML struct {
	Type   string `xml:"type,attr"`
	Index  string `xml:"index,attr"`
	Model  string `xml:"model,attr"`
	Target struct {
		Hotplug string `xml:"hotplug,attr"`
	} `xml:"target"`
	Address *addressXML `xml:"address"`
}

// A deviceXML is any other device: it only takes a place.
type deviceXML struct {
	Address *addressXML `xml:"address"`
}

// A busModel is a kind of PCI controller that devices are hot-plugged into.
type busModel struct {
	express     bool // takes PCI Express devices, else conventional ones
	first, last uint // its slots
}

var busModels = map[string]busModel{
	"pcie-root-port":              {express: true},
	"pcie-switch-downstream-port": {express: true},
	"pci-root":                    {first: 1, last: 31},
	"pci-bridge":                  {first: 1, last: 31},
}

// slots counts the slots that a virtio NIC can be hot-plugged into, and those of
// them that are free. all is -1 where their number does not limit an attach: the
// domain is off, and libvirt adds controllers to a definition as needed; or it
// has no PCI.
//
// libvirt puts virtio NICs into PCI Express slots where the machine has them,
// that is neither into pcie-root itself nor behind a pcie-to-pci-bridge, and
// into conventional slots where not (qemuDomainDeviceCalculatePCIConnectFlags).
func (x *domainXML) slots() (all, free int) {
	express, found := x.bus()
	if !found || x.ID == "" {
		return -1, 0
	}
	taken := x.taken("")
	for _, c := range x.Devices.Controllers {
		m, ok := busModels[c.Model]
		if !ok || c.Type != "pci" || m.express != express || c.Target.Hotplug == "off" {
			continue
		}
		for slot := m.first; slot <= m.last; slot++ {
			all++
			if !taken[place{number(c.Index), slot}] {
				free++
			}
		}
	}
	return all, free
}

// bus tells whether there is a PCI root that we know, and whether it is an Express one.
func (x *domainXML) bus() (express, found bool) {
	for _, c := range x.Devices.Controllers {
		switch c.Model {
		case "pcie-root":
			return true, true
		case "pci-root":
			found = true
		}
	}
	return false, found
}

// A place is a slot on a bus of the PCI domain 0.
type place struct{ bus, slot uint }

// taken returns where devices and controllers sit, but for the NIC with the alias. On
// i440fx slot 1 is the chipset's own, whether its functions are listed or not.
func (x *domainXML) taken(but string) map[place]bool {
	taken := map[place]bool{}
	take := func(a *addressXML) {
		if a != nil && a.Type == "pci" && number(a.Domain) == 0 {
			taken[place{number(a.Bus), number(a.Slot)}] = true
		}
	}
	for _, c := range x.Devices.Controllers {
		take(c.Address)
	}
	for _, n := range x.Devices.NICs {
		if but == "" || n.Alias.Name != but {
			take(n.Address)
		}
	}
	for _, d := range x.Devices.Others {
		take(d.Address)
	}
	if strings.HasPrefix(x.Type.Machine, "pc-i440fx") || x.Type.Machine == "pc" {
		taken[place{0, 1}] = true
	}
	return taken
}

// Vacant tells whether the domain's XML has room for the NIC with the alias at the PCI
// address: the bus is there, and no other device has the slot.
func Vacant(domain, alias, pci string) (bool, error) {
	at, err := address(pci)
	if err != nil || at == nil {
		return false, err
	}
	var x domainXML
	if err := decode(domain, &x); err != nil {
		return false, vif.Internal.From(err, "the domain's XML cannot be read")
	}
	bus := *at.PCI.Bus
	there := slices.ContainsFunc(x.Devices.Controllers, func(c controllerXML) bool { return c.Type == "pci" && number(c.Index) == bus })
	return there && *at.PCI.Domain == 0 && !x.taken(alias)[place{bus, *at.PCI.Slot}], nil
}
