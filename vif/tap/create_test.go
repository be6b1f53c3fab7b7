package tap

import (
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"vifd/vif"
)

// What Create promises of a tap, read back from the kernel.
func TestCreate(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(7)
	create(t, d, n)
	first := link(t, d, n.Tap)
	create(t, d, n)
	l := link(t, d, n.Tap)

	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"the second changes nothing: index", l.Index, first.Index},
		{"alias", l.Alias, "vifd:3fa85f64-5717-4562-b3fc-2c963f66afa6:7"},
		{"MTU", l.MTU, 1442},
		{"MAC", l.HardwareAddr.String(), "fe:54:00:12:34:56"},
		{"up", l.RawFlags&unix.IFF_UP != 0, true},
		{"carrier", carrier(l), false},
		{"promiscuous", l.RawFlags&unix.IFF_PROMISC != 0, true},
		{"mode", l.Mode, netlink.TuntapMode(unix.IFF_TAP)},
		{"flags", l.Flags, netlink.TUNTAP_NO_PI | netlink.TUNTAP_VNET_HDR},
		{"persistent", !l.NonPersist, true},
		{"owner", l.Owner, uint32(64055)},
	} {
		if tt.got != tt.want {
			t.Errorf("%s = %v, want %v", tt.what, tt.got, tt.want)
		}
	}
	addrs, err := d.read.AddrList(l, netlink.FAMILY_V6)
	if err != nil || len(addrs) != 0 {
		t.Errorf("IPv6 addresses of the host's end = %v, %v; want none", addrs, err)
	}
}

func TestCreateFindsTheNameTaken(t *testing.T) {
	t.Parallel()
	other := nic(1)
	other.Port.ID = "3fa85f64-5717-4562-b3fc-ffffffffffff"
	queues := nic(1)
	queues.Queues = 2

	for name, tt := range map[string]struct {
		before, n vif.NIC
		kind      vif.Kind // "" for none
		same      bool     // the device is the one of before
	}{
		"older generation": {before: nic(1), n: nic(2)},
		"same generation":  {before: nic(1), n: nic(1), same: true},
		"newer generation": {before: nic(2), n: nic(1), kind: vif.InUse, same: true},
		"another port":     {before: other, n: nic(1), kind: vif.InUse, same: true},
		"fewer queues":     {before: nic(1), n: queues},
		"more queues":      {before: queues, n: nic(1)},
	} {
		t.Run(name, func(t *testing.T) {
			d := enter(t)
			create(t, d, tt.before)
			before := link(t, d, tt.before.Tap).Index

			err := d.Create(t.Context(), tt.n)
			if tt.kind == "" && err != nil || tt.kind != "" && vif.KindOf(err) != tt.kind {
				t.Fatalf("Create = %v, want kind %q", err, tt.kind)
			}
			after := link(t, d, tt.n.Tap)
			if same := after.Index == before; same != tt.same {
				t.Errorf("same device: %v, want %v", same, tt.same)
			}
			if err == nil && uint16(after.Mode)|uint16(after.Flags) != wantedFeatures(tt.n) {
				t.Errorf("features %#x, want %#x", uint16(after.Mode)|uint16(after.Flags), wantedFeatures(tt.n))
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*vif.NIC){
		"a name that the kernel fills in": func(n *vif.NIC) { n.Tap = "tap%d" },
		"a name that is too long":         func(n *vif.NIC) { n.Tap = "tap3fa85f64-5717" },
		"a name with a slash":             func(n *vif.NIC) { n.Tap = "tap/1" },
		"no name":                         func(n *vif.NIC) { n.Tap = "" },
		"too small an MTU":                func(n *vif.NIC) { n.Port.MTU = minMTU - 1 },
		"too large an MTU":                func(n *vif.NIC) { n.Port.MTU = maxMTU + 1 },
		"no MTU":                          func(n *vif.NIC) { n.Port.MTU = 0 },
		"no MAC":                          func(n *vif.NIC) { n.Port.MAC = "" },
		"a MAC of eight bytes":            func(n *vif.NIC) { n.Port.MAC = "52:54:00:12:34:56:78:9a" },
	} {
		t.Run(name, func(t *testing.T) {
			d := enter(t)
			n := nic(1)
			edit(&n)
			if err := d.Create(t.Context(), n); vif.KindOf(err) != vif.Invalid {
				t.Errorf("Create = %v, want %v", err, vif.Invalid)
			}
			if got := names(t, d); got != "lo" {
				t.Errorf("left behind: %s", got)
			}
		})
	}
}

func TestMTUBounds(t *testing.T) {
	t.Parallel()
	d := enter(t)
	for _, mtu := range []int{minMTU, 1500, 9000, maxMTU} {
		n := nic(1)
		n.Port.MTU = mtu
		create(t, d, n) // of the second on, the tap is there and is mended
		if got := link(t, d, n.Tap).MTU; got != mtu {
			t.Errorf("MTU = %d, want %d", got, mtu)
		}
	}
}

// A tap that its guest holds is mended in place: never deleted under it.
func TestCreateMendsAHeldTap(t *testing.T) {
	t.Parallel()
	d := enter(t)
	n := nic(1)
	create(t, d, n)
	hold(t, d, n)
	before := link(t, d, n.Tap)
	if err := d.write.LinkSetDown(before); err != nil {
		t.Fatal(err)
	}
	if err := d.write.LinkSetUp(before); err != nil {
		t.Fatal(err)
	}
	if err := d.write.LinkSetMTU(before, 1000); err != nil {
		t.Fatal(err)
	}
	n.Queues = 4
	create(t, d, n)
	after := link(t, d, n.Tap)
	if after.Index != before.Index || after.MTU != 1442 || !carrier(after) {
		t.Errorf("index %d → %d, MTU %d, carrier %v", before.Index, after.Index, after.MTU, carrier(after))
	}
}
