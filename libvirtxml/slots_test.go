package libvirtxml

import (
	"strings"
	"testing"
)

const (
	pcieRoot = `<controller type='pci' index='0' model='pcie-root'/>`
	rootPort = `<controller type='pci' index='%' model='pcie-root-port'><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/></controller>`
	pciRoot  = `<controller type='pci' index='0' model='pci-root'/>`
)

// on returns a device of the name on that bus and slot.
func on(name, bus, slot string) string {
	return `<` + name + `><address type='pci' domain='0x0000' bus='` + bus + `' slot='` + slot + `' function='0x0'/></` + name + `>`
}

func port(index string) string { return strings.Replace(rootPort, "%", index, 1) }

// A NIC may be where nothing else is.
func TestVacant(t *testing.T) {
	const nic = `<interface type='ethernet'><alias name='ua-n'/><address type='pci' bus='0x03' slot='0x00' function='0x0'/></interface>`
	text := `<domain><devices>` + pcieRoot + port("1") + port("2") + port("3") + on("disk", "0x01", "0x00") + nic + `</devices></domain>`
	for _, tt := range []struct {
		pci, alias string
		want       bool
	}{
		{"0000:02:00.0", "ua-n", true},
		{"0000:01:00.0", "ua-n", false},
		{"0000:01:00.1", "ua-n", false},
		{"0000:03:00.0", "ua-n", true},
		{"0000:03:00.0", "ua-m", false},
		{"0000:04:00.0", "ua-n", false},
		{"0001:02:00.0", "ua-n", false},
		{"", "ua-n", false},
	} {
		if got, err := Vacant(text, tt.alias, tt.pci); got != tt.want || err != nil {
			t.Errorf("%s for %s: %v, %v", tt.pci, tt.alias, got, err)
		}
	}
	for _, bad := range [][2]string{{text, "somewhere"}, {"<domain>", "0000:02:00.0"}} {
		if _, err := Vacant(bad[0], "ua-n", bad[1]); err == nil {
			t.Errorf("%q is taken for an answer", bad)
		}
	}
}

func TestFreeSlots(t *testing.T) {
	for _, tt := range []struct {
		name, machine, devices string
		free                   int
		limited                bool
	}{
		{"no PCI", "s390-ccw-virtio", "", 0, false},
		{"no root ports", "pc-q35-7.2", pcieRoot, 0, true},
		{"two root ports", "pc-q35-7.2", pcieRoot + port("1") + port("2"), 2, true},
		{"one is taken by a disk", "pc-q35-7.2", pcieRoot + port("1") + port("2") + on("disk", "0x02", "0x00"), 1, true},
		{"one is taken by a controller", "pc-q35-7.2", pcieRoot + port("1") + port("2") +
			`<controller type='usb' index='0'><address type='pci' bus='0x01' slot='0x00'/></controller>`, 1, true},
		{"one is taken by two functions", "pc-q35-7.2", pcieRoot + port("1") + port("2") +
			on("video", "0x02", "0x00") + on("sound", "0x02", "0x00"), 1, true},
		{"one does not hot-plug", "pc-q35-7.2", pcieRoot + port("1") +
			`<controller type='pci' index='2' model='pcie-root-port'><target chassis='2' hotplug='off'/></controller>`, 1, true},
		{"a switch", "virt-7.2", pcieRoot + port("1") +
			`<controller type='pci' index='2' model='pcie-switch-upstream-port'><address type='pci' bus='0x01' slot='0x00'/></controller>` +
			`<controller type='pci' index='3' model='pcie-switch-downstream-port'><address type='pci' bus='0x02' slot='0x00'/></controller>`, 1, true},
		{"conventional slots are not for virtio", "pc-q35-7.2", pcieRoot + port("1") +
			`<controller type='pci' index='2' model='pcie-to-pci-bridge'><address type='pci' bus='0x01' slot='0x00'/></controller>`, 0, true},
		{"a host device's own address", "pc-q35-7.2", pcieRoot + port("1") +
			`<hostdev><source><address type='pci' bus='0x01' slot='0x00'/></source></hostdev>`, 1, true},
		{"another PCI domain", "pc-q35-7.2", pcieRoot + port("1") +
			`<disk><address type='pci' domain='0x0001' bus='0x01' slot='0x00'/></disk>`, 1, true},
		{"i440fx", "pc-i440fx-7.2", pciRoot, 30, true},
		{"i440fx with devices and a bridge", "pc-i440fx-7.2", pciRoot + on("video", "0x00", "0x02") +
			`<controller type='pci' index='1' model='pci-bridge'><address type='pci' bus='0x00' slot='0x03'/></controller>` +
			on("disk", "0x01", "0x1f"), 28 + 30, true},
		{"pseries", "pseries-7.2", pciRoot, 31, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for id, limited := range map[string]bool{" id='3'": tt.limited, "": false} {
				d, err := Parse(`<domain` + id + `><os><type machine='` + tt.machine + `'>hvm</type></os><devices>` + tt.devices + `</devices></domain>`)
				if err != nil {
					t.Fatal(err)
				}
				free := tt.free
				if !limited {
					free = 0
				}
				if d.Server.FreeSlots != free || d.Server.Slots != limited {
					t.Errorf("with%s: %d, %v, want %d, %v", id, d.Server.FreeSlots, d.Server.Slots, free, limited)
				}
			}
		})
	}
}
