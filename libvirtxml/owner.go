package libvirtxml

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"vifd/vif"
)

// A metadataXML is the part of <metadata> that is looked at. Others keep their
// elements there too, under these names: the namespace decides.
type metadataXML struct {
	Nova  []novaXML  `xml:"instance"`
	Ports []portsXML `xml:"urn:vifd:1 ports"`
	Owner []ownerXML `xml:"urn:vifd:1:owner owner"`
}

type portsXML struct {
	Owner *ownerXML `xml:"owner"`
	Ports []portXML `xml:"port"`
}

type portXML struct {
	ID  string `xml:"id,attr"`
	Tag string `xml:"tag,attr,omitempty"`
	MAC string `xml:"mac,attr"`
	Gen string `xml:"gen,attr"`
}

type ownerXML struct {
	Project string `xml:"project,attr,omitempty"`
	User    string `xml:"user,attr,omitempty"`
	Name    string `xml:"name,attr,omitempty"`
}

// ours returns what vifd keeps. A port that somebody broke by hand is left out.
func (x metadataXML) ours() Metadata {
	var m Metadata
	for _, p := range x.Ports {
		if p.Owner != nil {
			m.Owner = Owner(*p.Owner)
		}
		for _, q := range p.Ports {
			gen, err := strconv.ParseInt(q.Gen, 10, 64)
			if err == nil && q.ID != "" {
				m.Ports = append(m.Ports, Port{ID: q.ID, Tag: vif.Tag(q.Tag), MAC: q.MAC, Gen: gen})
			}
		}
	}
	return m
}

// owner returns the owner in the element of its own, else the one with the ports.
func (x metadataXML) owner() Owner {
	if len(x.Owner) > 0 {
		return Owner(x.Owner[0])
	}
	return x.ours().Owner
}

func (o Owner) name(s *vif.Server) {
	s.Project, s.User = o.Project, o.User
	if o.Name != "" {
		s.Name = o.Name
	}
}

// A novaXML is the part of Nova's <nova:instance> that is looked at.
type novaXML struct {
	XMLName xml.Name
	Name    string `xml:"name"`
	Created string `xml:"creationTime"`
	Flavor  struct {
		Name string `xml:"name,attr"`
	} `xml:"flavor"`
	User    uuidXML `xml:"owner>user"`
	Project uuidXML `xml:"owner>project"`
	Root    struct {
		Type string `xml:"type,attr"`
		uuidXML
	} `xml:"root"`
}

type uuidXML struct {
	UUID string `xml:"uuid,attr"`
}

// novaNamespace begins the namespace of every version of Nova's metadata.
const novaNamespace = "http://openstack.org/xmlns/libvirt/nova/"

// nova returns Nova's metadata, or nil.
func (x metadataXML) nova() *novaXML {
	for i := range x.Nova {
		if strings.HasPrefix(x.Nova[i].XMLName.Space, novaNamespace) {
			return &x.Nova[i]
		}
	}
	return nil
}

func (x *novaXML) name(s *vif.Server) {
	if x == nil {
		return
	}
	s.Project, s.User, s.Flavor = x.Project.UUID, x.User.UUID, x.Flavor.Name
	if x.Name != "" {
		s.Name = x.Name
	}
	if x.Root.Type == "image" {
		s.Image = x.Root.UUID
	}
	if t, err := time.Parse(time.DateTime, x.Created); err == nil {
		s.Created = t
	}
}
