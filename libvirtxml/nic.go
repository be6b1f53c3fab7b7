package libvirtxml

import (
	"encoding/xml"
	"slices"
	"strings"

	"libvirt.org/go/libvirtxml"

	"vifd/vif"
)

// A nicXML is the part of <interface> that is looked at.
type nicXML struct {
	MAC struct {
		Address string `xml:"address,attr"`
	} `xml:"mac"`
	Target struct {
		Dev string `xml:"dev,attr"`
	} `xml:"target"`
	Model struct {
		Type string `xml:"type,attr"`
	} `xml:"model"`
	Driver struct {
		Queues string `xml:"queues,attr"`
		Host   struct {
			CSum string `xml:"csum,attr"`
		} `xml:"host"`
	} `xml:"driver"`
	MTU struct {
		Size string `xml:"size,attr"`
	} `xml:"mtu"`
	Link struct {
		State string `xml:"state,attr"`
	} `xml:"link"`
	Alias struct {
		Name string `xml:"name,attr"`
	} `xml:"alias"`
	Address *addressXML `xml:"address"`
}

func (x nicXML) nic() vif.ServerNIC {
	return vif.ServerNIC{
		Alias:   x.Alias.Name,
		MAC:     strings.ToLower(x.MAC.Address),
		Tap:     x.Target.Dev,
		Model:   x.Model.Type,
		MTU:     int(number(x.MTU.Size)),
		PCI:     x.Address.pci(),
		Link:    x.Link.State != "down",
		Queues:  int(number(x.Driver.Queues)),
		Offload: x.Driver.Host.CSum != "off",
	}
}

// Relink returns the <interface> of the NIC with the alias as the domain's XML
// has it, with nothing but its link changed: libvirt takes whatever an update
// leaves out for something to remove. ok is false when there is no such NIC.
func Relink(domain, alias string, up bool) (text string, ok bool, err error) {
	text, ok = element(domain, alias)
	if !ok {
		return "", false, nil
	}
	var x libvirtxml.DomainInterface
	if err := x.Unmarshal(text); err != nil {
		return "", true, vif.Internal.From(err, "the XML of NIC %s cannot be read", alias)
	}
	x.Link = link(up)
	text, err = x.Marshal()
	return text, true, err
}

// element returns the text of the <interface> with the alias.
func element(domain, alias string) (string, bool) {
	d := xml.NewDecoder(strings.NewReader(domain))
	var path []string
	for {
		start := d.InputOffset()
		t, err := d.Token()
		if err != nil {
			return "", false
		}
		switch t := t.(type) {
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.StartElement:
			if !slices.Equal(path, []string{"domain", "devices"}) || t.Name.Local != "interface" {
				path = append(path, t.Name.Local)
				continue
			}
			var x nicXML
			if err := d.DecodeElement(&x, &t); err != nil {
				return "", false
			}
			if x.Alias.Name == alias {
				return domain[start:d.InputOffset()], true
			}
		}
	}
}
