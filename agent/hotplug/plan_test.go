package hotplug

import (
	"slices"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

const (
	p1  = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	vm1 = "5407e7e4-25cb-4b37-bd79-f0026fd1fda0"
)

var nic = vif.NIC{
	Port:   vif.Port{ID: p1, MAC: "fa:16:3e:00:00:01", MTU: 1500, Segment: vif.Segment{Bridge: "br-int", VLAN: 100}},
	Server: vm1, Tap: vif.TapName(p1, 0), OFPort: 20000, Gen: 7,
}

// healthy is what is seen of nic when all is well.
func healthy() seen {
	return seen{
		Tap:         &vif.Tap{Name: nic.Tap, Index: 5, Port: p1, Gen: 7, MTU: 1500, Up: true, Carrier: true},
		SwitchKnown: true,
		Plugged: &vif.SwitchPort{
			Bridge: "br-int", Name: nic.Tap, Port: p1, Gen: 7, OFPort: 20000, Index: 5, VLAN: 100, MAC: nic.Port.MAC,
		},
		Filtered:     true,
		ServersKnown: true,
		Server: &vif.Server{ID: vm1, State: vif.ServerActive, Live: true, Persistent: true, Noted: []string{p1}, NICs: []vif.ServerNIC{
			{Alias: nic.DeviceAlias(), MAC: nic.Port.MAC, Tap: nic.Tap, Link: true},
		}},
	}
}

// A planned case is what differs from an attachment with which all is well, and
// what is done about it.
type planned struct {
	name   string
	change func(*store.Attachment, *seen)
	want   []act
}

func checkPlans(t *testing.T, cases []planned) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			a, s := store.Attachment{NIC: nic, Desired: store.Attached, Settled: true, Persisted: true}, healthy()
			tt.change(&a, &s)
			if got := plan(a, s); !slices.Equal(got, tt.want) {
				t.Errorf("plan = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPlan(t *testing.T) {
	checkPlans(t, []planned{
		{"all is well", func(*store.Attachment, *seen) {}, nil},
		{"died before the guest had it", func(a *store.Attachment, _ *seen) { a.Settled = false }, []act{actRemove}},
		{"to go", func(a *store.Attachment, _ *seen) { a.Desired = store.Absent }, []act{actRemove}},
		{"to go, and libvirt is down", func(a *store.Attachment, s *seen) { a.Desired = store.Absent; s.ServersKnown = false }, nil},
		{"given back, and libvirt is down", func(a *store.Attachment, s *seen) { a.Released = true; s.ServersKnown = false }, []act{actRemove}},
		{"server undefined", func(_ *store.Attachment, s *seen) { s.Server = nil }, []act{actRemove}},
		{"to go, and the server is saved to disk", func(a *store.Attachment, s *seen) {
			a.Desired = store.Absent
			s.Server.State, s.Server.Live = vif.ServerSuspended, false
		}, nil},
		{"to go, and the server is on its way to another host", func(a *store.Attachment, s *seen) {
			a.Desired, s.Server.State = store.Absent, vif.ServerBuilding
		}, nil},
		{"the server has come from another host, and its QEMU does not hold the tap yet", func(_ *store.Attachment, s *seen) {
			s.Tap.Carrier, s.Server.State = false, vif.ServerBuilding
		}, nil},
		{"the server is on another host, and still defined here", func(_ *store.Attachment, s *seen) {
			s.Tap.Carrier, s.Server.State, s.Server.Live = false, vif.ServerStopped, false
		}, nil},
		{"the server is on another host, and nothing of it is here", func(_ *store.Attachment, s *seen) {
			s.Tap.Carrier, s.Server = false, nil
		}, []act{actRemove}},
		{"libvirt is down", func(_ *store.Attachment, s *seen) { s.Server, s.ServersKnown = nil, false }, nil},
	})
}

// The host's part of a NIC.
func TestPlanHost(t *testing.T) {
	checkPlans(t, []planned{
		{"host rebooted", func(_ *store.Attachment, s *seen) {
			s.Tap, s.Plugged, s.Filtered, s.ServersKnown, s.Server = nil, nil, false, false, nil
		}, []act{actTap, actFilter, actReplug, actPlug, actRaise}},
		{"host rebooted, rows kept", func(_ *store.Attachment, s *seen) {
			s.Tap, s.Filtered, s.ServersKnown = nil, false, false
		}, []act{actTap, actFilter, actReplug, actPlug, actRaise}},
		{"tap made again by a stranger's hand", func(_ *store.Attachment, s *seen) { s.Tap.Index = 9 }, []act{actReplug, actPlug}},
		{"tap set down", func(_ *store.Attachment, s *seen) { s.Tap.Up = false }, []act{actRaise}},
		{"MTU changed", func(_ *store.Attachment, s *seen) { s.Tap.MTU = 1400 }, []act{actTap}},
		{"switch port deleted, as with its bridge", func(_ *store.Attachment, s *seen) { s.Plugged = nil }, []act{actFilter, actReplug, actPlug}},
		{"VLAN changed", func(_ *store.Attachment, s *seen) { s.Plugged.VLAN = 200 }, []act{actPlug}},
		{"another number", func(_ *store.Attachment, s *seen) { s.Plugged.OFPort = 3 }, []act{actReplug, actPlug}},
		{"vswitchd restarted", func(_ *store.Attachment, s *seen) { s.Filtered = false }, []act{actFilter}},
		{"vswitchd down", func(_ *store.Attachment, s *seen) { s.Filtered, s.SwitchKnown, s.Plugged = false, false, nil }, nil},
	})
}

// The server's part of a NIC.
func TestPlanServer(t *testing.T) {
	checkPlans(t, []planned{
		{"NIC taken out by hand", func(_ *store.Attachment, s *seen) { s.Server.NICs = nil }, []act{actShow, actPersist}},
		{"NIC taken out of the definition", func(_ *store.Attachment, s *seen) { s.Defined = &vif.Server{} }, []act{actPersist}},
		{"another MAC in the definition", func(_ *store.Attachment, s *seen) {
			s.Defined = &vif.Server{NICs: []vif.ServerNIC{{Alias: nic.DeviceAlias(), MAC: "fa:16:3e:00:00:02", Tap: nic.Tap}}}
		}, []act{actPersist}},
		{"another PCI address in the definition", func(_ *store.Attachment, s *seen) {
			s.Defined = &vif.Server{NICs: []vif.ServerNIC{{Alias: nic.DeviceAlias(), MAC: nic.Port.MAC, Tap: nic.Tap, PCI: "0000:09:00.0"}}}
		}, []act{actPersist}},
		{"another PCI address in the definition, which has something else there", func(_ *store.Attachment, s *seen) {
			s.Defined = &vif.Server{NICs: []vif.ServerNIC{{Alias: nic.DeviceAlias(), MAC: nic.Port.MAC, Tap: nic.Tap, PCI: "0000:09:00.0", Barred: true}}}
		}, nil},
		{"metadata lost, as with a server defined anew", func(_ *store.Attachment, s *seen) { s.Server.Noted = nil }, []act{actPersist}},
		{"definition as it should be", func(_ *store.Attachment, s *seen) { s.Defined = &vif.Server{NICs: s.Server.NICs} }, nil},
		{"NIC with another MAC", func(_ *store.Attachment, s *seen) { s.Server.NICs[0].MAC = "fa:16:3e:00:00:02" },
			[]act{actReplace, actShow, actPersist}},
		{"tap deleted under a running QEMU", func(_ *store.Attachment, s *seen) { s.Tap = nil },
			[]act{actTap, actReplug, actPlug, actRaise, actReplace, actShow, actPersist}},
		{"tap made again, and QEMU holds the old one", func(_ *store.Attachment, s *seen) { s.Tap.Carrier = false },
			[]act{actTap, actReplug, actPlug, actRaise, actReplace, actShow, actPersist}},
		{"tap down, and whether QEMU holds it is not seen", func(_ *store.Attachment, s *seen) { s.Tap.Up, s.Tap.Carrier = false, false },
			[]act{actRaise}},
		{"no carrier, and the server is starting", func(_ *store.Attachment, s *seen) {
			s.Tap.Carrier, s.Server.State = false, vif.ServerBuilding
		}, nil},
		{"rows changed by hand", func(_ *store.Attachment, s *seen) { s.Drifted = true }, []act{actPlug}},
		{"died before the link was raised", func(_ *store.Attachment, s *seen) { s.Server.NICs[0].Link = false }, []act{actLink}},
		{"link set down, and up", func(a *store.Attachment, _ *seen) { a.NIC.Link = vif.LinkDown }, []act{actLink}},
		{"link set down, and down", func(a *store.Attachment, s *seen) {
			a.NIC.Link, s.Server.NICs[0].Link = vif.LinkDown, false
		}, nil},
		{"link set down of a server that is off", func(a *store.Attachment, s *seen) {
			a.NIC.Link, s.Server.State, s.Server.Live, s.Tap.Carrier = vif.LinkDown, vif.ServerStopped, false, false
		}, []act{actLink}},
		{"link waits for the switch", func(_ *store.Attachment, s *seen) {
			s.Server.NICs[0].Link, s.Plugged.OFPort = false, 0
		}, nil},
		{"died before the definition had it", func(a *store.Attachment, _ *seen) { a.Persisted = false }, []act{actPersist}},
		{"server off", func(_ *store.Attachment, s *seen) {
			s.Server.State, s.Server.Live, s.Tap.Carrier = vif.ServerStopped, false, false
		}, nil},
	})
}
