package libvirtxml

import (
	"net/netip"
	"regexp"
	"testing"

	"vifd/vif"
)

var pciAddress = regexp.MustCompile(`^([0-9a-f]{4,}:[0-9a-f]{2,}:[0-9a-f]{2,}\.[0-9a-f]+)?$`)

// Whatever a domain's XML is, reading it ends, and what it gives can be used.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"q35-live.xml", "i440fx-live.xml", "i440fx-off.xml", "nova.xml"} {
		f.Add(read(f, name))
	}
	f.Add(`<!DOCTYPE d [<!ENTITY x "y">]><domain/>`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if d.Server.FreeSlots < 0 || d.Server.VCPUs < 0 || d.Server.MemoryMiB < 0 {
			t.Errorf("negative: %+v", d.Server)
		}
		for _, n := range d.Server.NICs {
			if !pciAddress.MatchString(n.PCI) {
				t.Errorf("PCI address %q", n.PCI)
			}
			_, _, _ = Relink(text, n.Alias, true)
		}
		if _, err := d.Metadata.Element(); err != nil && vif.KindOf(err) != vif.Invalid {
			t.Errorf("metadata %+v: %v", d.Metadata, err)
		}
	})
}

// Whatever a tag is, the metadata either refuses it or gives it back.
func FuzzTag(f *testing.F) {
	for _, tag := range []string{"nic1", `"><evil/>`, "\x00", "a\r\nb", "ü \u2028"} {
		f.Add(tag, "web", netip.IPv6Unspecified().String())
	}
	f.Fuzz(func(t *testing.T, tag, name, id string) {
		m := Metadata{Owner: Owner{Name: name}}.With(Port{ID: id, Tag: vif.Tag(tag)})
		text, err := m.Element()
		if err != nil || id == "" {
			return
		}
		d, err := Parse(inDomain("", bound(text)))
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if got, ok := d.Metadata.Port(id); !ok || string(got.Tag) != tag || d.Metadata.Owner.Name != name {
			t.Errorf("%+v came back as %+v", m, d.Metadata)
		}
	})
}

// A tag that the API takes can be kept with the domain, and comes back.
func FuzzTakenTag(f *testing.F) {
	for _, tag := range []string{"nic1", "<&\"'>", "\ufffd", "\ufffe", "\u2028", "]]>", " a ", "\u00a0"} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tag, err := vif.ParseTag(text)
		if err != nil {
			return
		}
		element, err := Metadata{}.With(Port{ID: "p", Tag: tag}).Element()
		if err != nil {
			t.Fatalf("%q is taken, but cannot be kept: %v", text, err)
		}
		d, err := Parse(inDomain("", bound(element)))
		if got, _ := d.Metadata.Port("p"); err != nil || got.Tag != tag {
			t.Errorf("%q came back as %q, %v", text, got.Tag, err)
		}
	})
}
