package leaks

import (
	"slices"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

const (
	port = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	vm   = "5407e7e4-25cb-4b37-bd79-f0026fd1fda0"
)

// clean is a host with one NIC, all of it.
func clean() World {
	n := vif.NIC{Port: vif.Port{ID: port, MAC: "m", MTU: 1500, Device: vm, Segment: vif.Segment{Bridge: "b"}}, Server: vm, Tap: "t", Gen: 7}
	has := []vif.ServerNIC{{Alias: n.DeviceAlias(), MAC: "m", Tap: "t", PCI: "p"}}
	return World{
		Rows:      []store.Attachment{{NIC: n, Desired: store.Attached, Settled: true, Persisted: true}},
		HeldKnown: true, Held: []vif.Port{n.Port},
		Taps:        []vif.Tap{{Name: "t", Port: port, Gen: 7, MTU: 1500, Up: true, Carrier: true}},
		SwitchKnown: true, Plugged: []vif.SwitchPort{{Name: "t", Port: port, Gen: 7}}, Rules: map[string]vif.Rules{"b": {Base: true}},
		ServersKnown: true, Servers: []vif.Server{{ID: vm, Live: true, State: vif.ServerActive, Noted: []string{port}, NICs: has}},
		Definitions: map[string][]vif.ServerNIC{vm: has}, Devices: map[string][]string{vm: {port}},
	}
}

// A found case is what differs from a clean world, and what is found of it.
type found struct {
	name   string
	change func(*World)
	want   []vif.LeakKind
}

func checkFound(t *testing.T, cases []found) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			w := clean()
			tt.change(&w)
			var got []vif.LeakKind
			for _, l := range Find(w) {
				got = append(got, l.Kind)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %v, want %v", got, tt.want)
			}
			if len(Both(Find(w), nil)) != 0 || len(Both(Find(w), Find(w))) != len(got) {
				t.Error("what two looks found is not what both found")
			}
		})
	}
}

// What is there, and nobody owns.
func TestFind(t *testing.T) {
	none := func(w *World) { w.Rows, w.Held = nil, nil }
	checkFound(t, []found{
		{"all is well", func(*World) {}, nil},
		{"on its way in", func(w *World) { w.Rows[0].Settled = false; w.Taps, w.Plugged = nil, nil }, nil},
		{"the store forgot it: it stays, with all below it", none, []vif.LeakKind{vif.Unknown}},
		{"plugged in by hand: the guest first", func(w *World) { none(w); w.Servers[0].Noted = nil }, []vif.LeakKind{vif.StrayNIC}},
		{"the server is gone", func(w *World) { none(w); w.Servers = nil }, []vif.LeakKind{vif.StraySwitchPort, vif.StrayTap}},
		{"nobody knows the servers", func(w *World) { none(w); w.Servers, w.ServersKnown = nil, false }, nil},
		{"metadata alone", func(w *World) {
			none(w)
			w.Taps, w.Plugged, w.Servers[0].NICs, w.Definitions, w.Devices = nil, nil, nil, nil, nil
		}, []vif.LeakKind{vif.StrayMetadata}},
		{"QEMU alone has it", func(w *World) {
			none(w)
			w.Servers[0].NICs, w.Servers[0].Noted, w.Definitions = nil, nil, nil
		}, []vif.LeakKind{vif.StrayDevice}},
		{"bound, and no attachment", func(w *World) { w.Held = append(w.Held, vif.Port{ID: "q", Device: vm}) }, []vif.LeakKind{vif.StrayClaim}},
		{"flows of nobody", func(w *World) { w.Rules["b"] = vif.Rules{Base: true, Strays: []uint64{1}} }, []vif.LeakKind{vif.StrayFlows}},
		{"tap of another name", func(w *World) { w.Taps = append(w.Taps, vif.Tap{Name: "u", Port: port}) }, []vif.LeakKind{vif.StrayTap}},
	})
}

// What is owned, and is not there, or not so.
func TestFindMissing(t *testing.T) {
	checkFound(t, []found{
		{"no tap", func(w *World) { w.Taps = nil }, []vif.LeakKind{vif.MissingTap}},
		{"older tap", func(w *World) { w.Taps[0].Gen = 6 }, []vif.LeakKind{vif.WrongTap}},
		{"tap with an address", func(w *World) { w.Taps[0].Loud = true }, []vif.LeakKind{vif.WrongTap}},
		{"QEMU holds another tap", func(w *World) { w.Taps[0].Carrier = false }, []vif.LeakKind{vif.WrongNIC}},
		{"no row", func(w *World) { w.Plugged = nil }, []vif.LeakKind{vif.MissingSwitchPort}},
		{"row in error", func(w *World) { w.Plugged[0].Error = "no" }, []vif.LeakKind{vif.WrongSwitchPort}},
		{"row written into", func(w *World) { w.Drifted = map[string]bool{port: true} }, []vif.LeakKind{vif.WrongSwitchPort}},
		{"flows deleted", func(w *World) { w.Rules["b"] = vif.Rules{Astray: map[string]bool{port: true}} }, []vif.LeakKind{vif.MissingBase, vif.MissingFlows}},
		{"NIC gone", func(w *World) { w.Servers[0].NICs = nil }, []vif.LeakKind{vif.MissingNIC}},
		{"definition lacks it", func(w *World) { w.Definitions[vm] = nil }, []vif.LeakKind{vif.MissingDefinition}},
		{"elsewhere in the definition", func(w *World) {
			w.Definitions[vm] = []vif.ServerNIC{{Alias: w.Servers[0].NICs[0].Alias, MAC: "m", Tap: "t", PCI: "q"}}
		}, []vif.LeakKind{vif.WrongDefinition}},
		{"elsewhere in the definition, which has something else there", func(w *World) {
			w.Definitions[vm] = []vif.ServerNIC{{Alias: w.Servers[0].NICs[0].Alias, MAC: "m", Tap: "t", PCI: "q", Barred: true}}
		}, nil},
		{"not bound", func(w *World) { w.Held = nil }, []vif.LeakKind{vif.MissingPort}},
		{"a MAC twice", func(w *World) {
			w.Held[0].Network = "n"
			w.Held = append(w.Held, w.Held[0])
		}, []vif.LeakKind{vif.SharedAddress}},
	})
}
