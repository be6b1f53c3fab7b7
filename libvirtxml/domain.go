package libvirtxml

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"vifd/vif"
)

// maxText is the longest domain XML that is read, in bytes: libvirt's own bound
// on a string that it sends (REMOTE_STRING_MAX).
const maxText = 4 << 20

// A Domain is what the XML of a domain says.
type Domain struct {
	Server   vif.Server // without State, Persistent, UpSince and Locked, which XML does not tell
	HotSlots int        // the PCI slots for hot-plugging, free or not, where Server.Slots
	Metadata Metadata   // vifd's own
}

// Parse reads the XML of a domain as libvirt gives it, of a running one or of a
// definition. Project, user and name are Nova's where its metadata is there, else
// vifd's own. A text that is too long, that has a DTD or that is no <domain> is an
// error of kind vif.Internal.
func Parse(text string) (Domain, error) {
	var x domainXML
	if err := decode(text, &x); err != nil {
		return Domain{}, vif.Internal.From(err, "the domain's XML cannot be read")
	}
	s := vif.Server{
		ID:        x.UUID,
		Name:      x.Name,
		Domain:    x.Name,
		Live:      x.ID != "",
		VCPUs:     x.VCPU.count(),
		MemoryMiB: x.Memory.mib(),
		NICs:      make([]vif.ServerNIC, 0, len(x.Devices.NICs)),
	}
	for _, n := range x.Devices.NICs {
		s.NICs = append(s.NICs, n.nic())
	}
	all, free := x.slots()
	s.FreeSlots, s.Slots = free, all >= 0
	x.Metadata.owner().name(&s)
	x.Metadata.nova().name(&s)
	ours := x.Metadata.ours()
	for _, p := range ours.Ports {
		s.Noted = append(s.Noted, p.ID)
	}
	for i, n := range s.NICs {
		port, _ := ours.Port(strings.TrimPrefix(n.Alias, vif.DeviceAliasPrefix))
		s.NICs[i].Tag = port.Tag
	}
	return Domain{Server: s, HotSlots: max(all, 0), Metadata: ours}, nil
}

// A domainXML is the part of <domain> that is looked at.
type domainXML struct {
	XMLName  xml.Name    `xml:"domain"`
	ID       string      `xml:"id,attr"`
	UUID     string      `xml:"uuid"`
	Name     string      `xml:"name"`
	VCPU     vcpuXML     `xml:"vcpu"`
	Memory   memoryXML   `xml:"memory"`
	Type     typeXML     `xml:"os>type"`
	Metadata metadataXML `xml:"metadata"`
	Devices  struct {
		Controllers []controllerXML `xml:"controller"`
		NICs        []nicXML        `xml:"interface"`
		Others      []deviceXML     `xml:",any"`
	} `xml:"devices"`
}

type typeXML struct {
	Machine string `xml:"machine,attr"`
}

type vcpuXML struct {
	Current string `xml:"current,attr"`
	Max     string `xml:",chardata"`
}

// count returns the vCPUs that are plugged in.
func (v vcpuXML) count() int {
	if v.Current != "" {
		return int(number(v.Current))
	}
	return int(number(strings.TrimSpace(v.Max)))
}

type memoryXML struct {
	Unit  string `xml:"unit,attr"`
	Value string `xml:",chardata"`
}

// mib returns the memory in MiB. libvirt itself always says KiB.
func (m memoryXML) mib() int {
	n, err := strconv.ParseInt(strings.TrimSpace(m.Value), 10, 48)
	if err != nil {
		return 0
	}
	switch m.Unit {
	case "MiB", "M":
		return int(n)
	case "GiB", "G":
		return int(n << 10)
	}
	return int(n >> 10)
}

// decode reads text into v, and refuses what libvirt never writes.
func decode(text string, v any) error {
	if len(text) > maxText {
		return fmt.Errorf("%d bytes are more than %d", len(text), maxText)
	}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		t, err := d.Token()
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.Directive:
			return fmt.Errorf("a DTD is not allowed")
		case xml.StartElement:
			return d.DecodeElement(v, &t)
		}
	}
}
