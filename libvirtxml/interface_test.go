package libvirtxml

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vifd/vif"
)

const portID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"

func nic() vif.NIC {
	return vif.NIC{
		Port:    vif.Port{ID: portID, MAC: "fa:16:3e:00:00:01", MTU: 1442},
		Tap:     "tap3fa85f64-57",
		Offload: true,
	}
}

func with(change func(*vif.NIC)) vif.NIC {
	n := nic()
	change(&n)
	return n
}

func TestInterface(t *testing.T) {
	for _, tt := range []struct {
		name string
		nic  vif.NIC
		up   bool
		want string
	}{
		{"plain", nic(), true, `<interface type="ethernet">
  <mac address="fa:16:3e:00:00:01"></mac>
  <target dev="tap3fa85f64-57" managed="no"></target>
  <model type="virtio"></model>
  <link state="up"></link>
  <mtu size="1442"></mtu>
  <alias name="ua-vifd-3fa85f64-5717-4562-b3fc-2c963f66afa6"></alias>
</interface>`},
		{"everything", with(func(n *vif.NIC) { n.Queues, n.Offload, n.PCI = 4, false, "0000:0a:1f.7" }), false, `<interface type="ethernet">
  <mac address="fa:16:3e:00:00:01"></mac>
  <target dev="tap3fa85f64-57" managed="no"></target>
  <model type="virtio"></model>
  <driver queues="4">
    <host csum="off" gso="off" tso4="off" tso6="off" ecn="off" ufo="off"></host>
    <guest csum="off" tso4="off" tso6="off" ecn="off" ufo="off"></guest>
  </driver>
  <link state="down"></link>
  <mtu size="1442"></mtu>
  <alias name="ua-vifd-3fa85f64-5717-4562-b3fc-2c963f66afa6"></alias>
  <address type="pci" domain="0x0000" bus="0x0a" slot="0x1f" function="0x7"></address>
</interface>`},
		{"one queue is none", with(func(n *vif.NIC) { n.Queues, n.Port.MTU = 1, 0 }), true, `<interface type="ethernet">
  <mac address="fa:16:3e:00:00:01"></mac>
  <target dev="tap3fa85f64-57" managed="no"></target>
  <model type="virtio"></model>
  <link state="up"></link>
  <alias name="ua-vifd-3fa85f64-5717-4562-b3fc-2c963f66afa6"></alias>
</interface>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Interface(tt.nic, tt.up)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			validate(t, inDomain(got, ""))
		})
	}
}

// What libvirt or the kernel would take for something else is refused.
func TestInterfaceRefuses(t *testing.T) {
	for name, change := range map[string]func(*vif.NIC){
		"no tap":                  func(n *vif.NIC) { n.Tap = "" },
		"a tap too long":          func(n *vif.NIC) { n.Tap = "tap3fa85f64-5717" },
		"a tap that is a path":    func(n *vif.NIC) { n.Tap = "../tap0" },
		"a tap that is a pattern": func(n *vif.NIC) { n.Tap = "tap%d" },
		"a tap with a newline":    func(n *vif.NIC) { n.Tap = "tap\n0" },
		"a tap with a NUL":        func(n *vif.NIC) { n.Tap = "tap\x000" },
		"no MAC":                  func(n *vif.NIC) { n.Port.MAC = "" },
		"a MAC with markup":       func(n *vif.NIC) { n.Port.MAC = `fa:16:3e:00:00:01"><evil/>` },
		"a multicast MAC":         func(n *vif.NIC) { n.Port.MAC = "01:00:5e:00:00:01" },
		"an InfiniBand address":   func(n *vif.NIC) { n.Port.MAC = "00:11:22:33:44:55:66:77" },
		"no port ID":              func(n *vif.NIC) { n.Port.ID = "" },
		"a port ID with markup":   func(n *vif.NIC) { n.Port.ID = `"><evil/>` },
		"a short PCI address":     func(n *vif.NIC) { n.PCI = "01:00.0" },
		"a PCI address and more":  func(n *vif.NIC) { n.PCI = "0000:01:00.0'/>" },
	} {
		t.Run(name, func(t *testing.T) {
			if text, err := Interface(with(change), true); !errors.Is(err, vif.Invalid) {
				t.Errorf("got %q and %v, want %v", text, err, vif.Invalid)
			}
		})
	}
}

// inDomain returns the smallest domain that has the device and the metadata.
func inDomain(device, metadata string) string {
	return `<domain type='test'><name>g</name><metadata>` + metadata + `</metadata><memory>1024</memory>` +
		`<os><type arch='i686'>hvm</type></os><devices>` + device + `</devices></domain>`
}

// validate holds text against libvirt's own schema, with its mock driver, which
// needs no daemon.
func validate(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "domain.xml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("virsh", "-c", "test:///default", "define", "--validate", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, strings.TrimSpace(text))
	}
}

// What was given to a guest is read again as it was.
func TestInterfaceIsReadAgain(t *testing.T) {
	for _, n := range []vif.NIC{nic(), with(func(n *vif.NIC) { n.Queues = 4 }), with(func(n *vif.NIC) { n.Offload = false })} {
		for _, up := range []bool{true, false} {
			text, err := Interface(n, up)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Parse(inDomain(text, ""))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := d.Server.NIC(n.DeviceAlias())
			if got.Queues != n.Queues || got.Offload != n.Offload || got.Link != up || got.MTU != n.Port.MTU {
				t.Errorf("%+v, link %t, is read as %+v", n, up, got)
			}
		}
	}
}
