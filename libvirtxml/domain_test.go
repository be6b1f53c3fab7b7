package libvirtxml

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		file string
		want Domain
	}{
		{"q35-live.xml", Domain{
			Server: vif.Server{
				ID: "11111111-1111-4111-8111-111111111111", Name: "vm1", Domain: "g1", Project: "p1", User: "u1",
				Live: true, VCPUs: 1, MemoryMiB: 128, FreeSlots: 6, Slots: true, Noted: []string{portID},
				NICs: []vif.ServerNIC{{
					Alias: "ua-vifd-" + portID, MAC: "fa:16:3e:00:00:01", Tap: "tapx1", Model: "virtio", MTU: 1442, PCI: "0000:02:00.0", Tag: "\"><evil/>",
				}},
			},
			HotSlots: 8,
			Metadata: Metadata{
				Owner: Owner{Project: "ours"},
				Ports: []Port{{ID: portID, Tag: `"><evil/>`, MAC: "fa:16:3e:00:00:01", Gen: 7}},
			},
		}},
		{"i440fx-live.xml", Domain{Server: vif.Server{
			ID: "22222222-2222-4222-8222-222222222222", Name: "old", Domain: "old",
			Live: true, VCPUs: 1, MemoryMiB: 64, FreeSlots: 28, Slots: true,
			NICs: []vif.ServerNIC{{
				Alias: "net0", MAC: "52:54:00:aa:bb:cc", Model: "e1000", PCI: "0000:00:03.0", Link: true, Offload: true,
			}},
		}, HotSlots: 31}},
		{"i440fx-off.xml", Domain{Server: vif.Server{
			ID: "22222222-2222-4222-8222-222222222222", Name: "old", Domain: "old", VCPUs: 1, MemoryMiB: 64,
			NICs: []vif.ServerNIC{{MAC: "52:54:00:aa:bb:cc", Model: "e1000", PCI: "0000:00:03.0", Link: true, Offload: true}},
		}}},
		{"nova.xml", Domain{Server: vif.Server{
			ID: "5407e7e4-25cb-4b37-bd79-f0026fd1fda0", Name: "vm1", Domain: "instance-00000001",
			Project: "ea0f0b9875ab4ff59ba3ac944acd2bfc", User: "cb9b5dbd658d4a98a2e7858d28e9896d",
			Flavor: "peer.tiny", Image: "de569614-64fd-4cd3-8bce-e0e68bcc43e0",
			Created: time.Date(2026, 11, 22, 1, 29, 35, 0, time.UTC),
			NICs: []vif.ServerNIC{{
				Alias: "net1", MAC: "fa:16:3e:d0:c6:20", Tap: "tap6b159d31-39", Model: "virtio", MTU: 1442, PCI: "0000:05:00.0", Link: true, Offload: true,
			}},
		}}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got, err := Parse(read(t, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"no XML":            "error: failed to get domain",
		"half of it":        "<domain><name>g</name>",
		"another document":  "<network><name>g</name></network>",
		"a DTD":             `<!DOCTYPE d [<!ENTITY x "y">]><domain><name>g</name></domain>`,
		"an unknown entity": `<domain><name>&x;</name></domain>`,
		"far too much":      "<domain><name>" + strings.Repeat("g", maxText) + "</name></domain>",
	} {
		t.Run(name, func(t *testing.T) {
			if d, err := Parse(text); !errors.Is(err, vif.Internal) {
				t.Errorf("got %+v and %v, want %v", d, err, vif.Internal)
			}
		})
	}
}

func TestOwner(t *testing.T) {
	const (
		nova  = `<n:instance xmlns:n="http://openstack.org/xmlns/libvirt/nova/1.0"><n:name>web</n:name><n:owner><n:project uuid="np"/></n:owner></n:instance>`
		other = `<x:instance xmlns:x="urn:other"><x:name>bad</x:name></x:instance><x:ports xmlns:x="urn:other"><x:owner project="bad"/></x:ports>`
		ours  = `<v:ports xmlns:v="urn:vifd:1"><v:owner project="vp" user="vu"/></v:ports>`
		own   = `<v:owner xmlns:v="urn:vifd:1:owner" project="op" name="db"/>`
	)
	for _, tt := range []struct {
		name, metadata string
		want           string // name, project, user
	}{
		{"nobody", "", "g,,"},
		{"another's metadata", other, "g,,"},
		{"with the ports", other + ours, "g,vp,vu"},
		{"an element of its own", ours + own, "db,op,"},
		{"Nova knows best", own + ours + nova, "web,np,"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Parse(inDomain("", tt.metadata))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%s,%s,%s", d.Server.Name, d.Server.Project, d.Server.User); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A device of a kind that does not exist yet hides nothing else.
func TestParseUnknownDevices(t *testing.T) {
	d, err := Parse(inDomain(`<interface type='telepathy'><alias name='net0'/><address type='dream' bus='x'/></interface>`+
		`<teleporter><address type='pci' bus='zz'/></teleporter><interface type='ethernet'><alias name='net1'/></interface>`, ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Server.NIC("net1"); !ok {
		t.Errorf("net1 is missing: %+v", d.Server.NICs)
	}
}

func TestRelink(t *testing.T) {
	const domain = `<domain><metadata><interface><alias name="ua-1"/></interface></metadata><devices>
<interface type='telepathy'><alias name='ua-0'/></interface>
<interface type='ethernet'><target dev='t1' managed='no'/><bandwidth><inbound average='10'/></bandwidth>%s<alias name='ua-1'/></interface>
</devices></domain>`
	for _, state := range []string{"", "<link state='up'/>", "<link state='down'/>"} {
		for up, word := range map[bool]string{true: "up", false: "down"} {
			got, ok, err := Relink(fmt.Sprintf(domain, state), "ua-1", up)
			want := `<interface type="ethernet">
  <target dev="t1" managed="no"></target>
  <link state="` + word + `"></link>
  <bandwidth>
    <inbound average="10"></inbound>
  </bandwidth>
  <alias name="ua-1"></alias>
</interface>`
			if err != nil || !ok || got != want {
				t.Errorf("%q to %s: %v, %v, got\n%s\nwant\n%s", state, word, ok, err, got, want)
			}
		}
	}
	if _, ok, err := Relink(domain, "ua-2", true); ok || err != nil {
		t.Errorf("a NIC that is not there: %v, %v", ok, err)
	}
}

func BenchmarkParse(b *testing.B) {
	text := read(b, "q35-live.xml")
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
