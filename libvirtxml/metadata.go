package libvirtxml

import (
	"encoding/xml"
	"slices"
	"strconv"

	"vifd/vif"
)

// The namespaces of vifd's metadata, and the prefix that libvirt gives them.
// OwnerNamespace has an element of its own, because libvirt keeps one element a
// namespace: whoever sets an owner there cannot overwrite the ports.
const (
	Namespace      = "urn:vifd:1"
	OwnerNamespace = "urn:vifd:1:owner"
	Prefix         = "vifd"
)

// Metadata is what vifd keeps with a domain: the ports that it plugged in, with
// their tags, and whose server it is where nobody else says.
type Metadata struct {
	Owner Owner
	Ports []Port
}

// An Owner puts a server into a project. Every field may be empty.
//
//	virsh metadata DOMAIN --uri urn:vifd:1:owner --key vifd --set "<owner project='…' name='…'/>" --config
type Owner struct {
	Project string // the project's ID
	User    string // the user's ID
	Name    string // the name that people know the server by
}

// A Port is one port of a server.
type Port struct {
	ID  string
	Tag vif.Tag
	MAC string
	Gen int64
}

// With returns m with p in it, in place of what was there of the same ID.
func (m Metadata) With(p Port) Metadata {
	m = m.Without(p.ID)
	m.Ports = append(m.Ports, p)
	return m
}

// Without returns m without the port of that ID.
func (m Metadata) Without(id string) Metadata {
	m.Ports = slices.DeleteFunc(slices.Clone(m.Ports), func(p Port) bool { return p.ID == id })
	return m
}

// Port returns the port of that ID.
func (m Metadata) Port(id string) (Port, bool) {
	i := slices.IndexFunc(m.Ports, func(p Port) bool { return p.ID == id })
	if i < 0 {
		return Port{}, false
	}
	return m.Ports[i], true
}

// Element returns m as virDomainSetMetadata takes it under Prefix and Namespace:
// one element without a namespace, which libvirt adds; or "", which removes it,
// for nothing to keep. A text that XML cannot carry gives vif.Invalid.
func (m Metadata) Element() (string, error) {
	x := portsXML{}
	if m.Owner != (Owner{}) {
		o := m.Owner
		x.Owner = &ownerXML{Project: o.Project, User: o.User, Name: o.Name}
	}
	for _, p := range m.Ports {
		x.Ports = append(x.Ports, portXML{p.ID, string(p.Tag), p.MAC, strconv.FormatInt(p.Gen, 10)})
	}
	if x.Owner == nil && x.Ports == nil {
		return "", nil
	}
	if err := x.check(); err != nil {
		return "", err
	}
	text, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"ports"`
		portsXML
	}{portsXML: x})
	return string(text), err
}

func (x portsXML) check() error {
	var texts []string
	if o := x.Owner; o != nil {
		texts = append(texts, o.Project, o.User, o.Name)
	}
	for _, p := range x.Ports {
		texts = append(texts, p.ID, p.Tag, p.MAC)
	}
	for _, t := range texts {
		if !plain(t) {
			return vif.Invalid.Because("%q has a character that XML cannot carry", t)
		}
	}
	return nil
}
