package libvirtxml

import (
	"fmt"
	"strconv"

	"libvirt.org/go/libvirtxml"

	"vifd/vif"
)

// address returns the <address> of a PCI address as 0000:01:00.0, nil for "",
// or vif.Invalid for anything else.
func address(pci string) (*libvirtxml.DomainAddress, error) {
	if pci == "" {
		return nil, nil
	}
	var domain, bus, slot, function uint
	n, err := fmt.Sscanf(pci, "%04x:%02x:%02x.%1x", &domain, &bus, &slot, &function)
	if err != nil || n != 4 || format(domain, bus, slot, function) != pci {
		return nil, vif.Invalid.Because("%q is not a PCI address like 0000:01:00.0", pci)
	}
	return &libvirtxml.DomainAddress{PCI: &libvirtxml.DomainAddressPCI{
		Domain: &domain, Bus: &bus, Slot: &slot, Function: &function,
	}}, nil
}

func format(domain, bus, slot, function uint) string {
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, slot, function)
}

// An addressXML is the <address> of any device, as far as it is one on PCI.
type addressXML struct {
	Type     string `xml:"type,attr"`
	Domain   string `xml:"domain,attr"`
	Bus      string `xml:"bus,attr"`
	Slot     string `xml:"slot,attr"`
	Function string `xml:"function,attr"`
}

// pci returns the address as 0000:01:00.0, or "" when a is not one on PCI.
func (a *addressXML) pci() string {
	if a == nil || a.Type != "pci" {
		return ""
	}
	return format(number(a.Domain), number(a.Bus), number(a.Slot), number(a.Function))
}

// number reads a number as libvirt writes it, in base 16 with 0x or in base 10.
// What is no such number is 0, as is what is not there.
func number(s string) uint {
	n, err := strconv.ParseUint(s, 0, 16)
	if err != nil {
		return 0
	}
	return uint(n)
}
