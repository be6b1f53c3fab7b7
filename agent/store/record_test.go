package store

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"vifd/vif"
)

var (
	day     = time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	network = vif.Network{
		ID: "n1", Name: "blue", Project: "p", Segment: vif.Segment{Bridge: "br-int", VLAN: 100},
		MTU: 1450, Shared: true, AdminUp: true, Secure: true, Created: day, Updated: day,
	}
	subnet4 = vif.Subnet{
		ID: "s4", Name: "four", Network: "n1", CIDR: netip.MustParsePrefix("10.20.0.0/29"),
		Gateway: netip.MustParseAddr("10.20.0.1"), DHCP: true, Created: day, Updated: day,
		Pools: []vif.Pool{{Start: netip.MustParseAddr("10.20.0.2"), End: netip.MustParseAddr("10.20.0.6")}},
		DNS:   []netip.Addr{netip.MustParseAddr("9.9.9.9")},
	}
	subnet6 = vif.Subnet{
		ID: "s6", Network: "n1", CIDR: netip.MustParsePrefix("fd00:20::/64"), NoGateway: true,
		Pools:   []vif.Pool{{Start: netip.MustParseAddr("fd00:20::1"), End: netip.MustParseAddr("fd00:20::ffff:ffff:ffff:ffff")}},
		Created: day.Add(1), Updated: day,
	}
	port = vif.Port{
		ID: "p1", Name: "eth", Project: "p", Network: "n1", MAC: "fa:16:3e:00:00:01", MTU: 1450,
		FixedIPs: []vif.FixedIP{
			{Subnet: "s6", Address: netip.MustParseAddr("fd00:20::9")},
			{Subnet: "s4", Address: netip.MustParseAddr("10.20.0.3")},
		},
		Segment: network.Segment, Secure: true, AdminUp: true, Device: "vm", DeviceOwner: "compute:vifd",
		Host: "h1", Claim: 7, Ephemeral: true, Created: day, Updated: day,
	}
	attachment = Attachment{
		NIC:     vif.NIC{Port: port, Server: "vm", Tag: "db", Tap: "tapp1", OFPort: FirstOFPort, Gen: 5, Queues: 2, Link: vif.LinkDown, PCI: "0000:01:00.0"},
		Desired: Attached, Settled: true, Persisted: true, Released: true, Operation: "req-1", Error: "none", Created: day,
	}
	operation = vif.Operation{
		ID: "req-1", Kind: vif.AttachInterface, Server: "vm", Port: "p1", Project: "p", User: "u",
		Started: day, Finished: day.Add(time.Second), Result: vif.Failure, Error: "no", Steps: []vif.Progress{{Step: "tap", Ms: 0.8}},
	}
	answer = vif.Answer{Once: vif.Once{Caller: "u", Key: "k", Request: []byte{1}}, ID: "req-0", Status: 200, Type: "text/plain", Body: []byte("{}"), Operations: []string{"req-1"}, Created: day}
	locked = ServerLock{Server: "vm", Reason: "mine", At: day, Admin: true}
)

// put keeps one record of each sort.
func put(tx *Tx) error {
	for _, err := range []error{
		tx.PutNetwork(network), tx.PutSubnet(subnet4), tx.PutSubnet(subnet6), tx.PutPort(port),
		tx.PutAttachment(attachment), tx.PutOperation(operation), tx.PutAnswer(answer),
		tx.PutServerLock(locked), tx.PutMeta("a", "b"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// What was put comes back the same, from another process's point of view too.
func TestRecordsReturn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, put)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	for what, get := range map[string]func(tx *Tx) (got, want any, err error){
		"network":  func(tx *Tx) (any, any, error) { v, err := tx.Network("n1"); return v, network, err },
		"networks": func(tx *Tx) (any, any, error) { v, err := tx.Networks(); return v, []vif.Network{network}, err },
		"subnet":   func(tx *Tx) (any, any, error) { v, err := tx.Subnet("s6"); return v, subnet6, err },
		"subnets": func(tx *Tx) (any, any, error) {
			v, err := tx.SubnetsOf("n1")
			return v, []vif.Subnet{subnet4, subnet6}, err
		},
		"all subnets": func(tx *Tx) (any, any, error) { v, err := tx.Subnets(); return v, []vif.Subnet{subnet4, subnet6}, err },
		"port":        func(tx *Tx) (any, any, error) { v, err := tx.Port("p1"); return v, port, err },
		"ports":       func(tx *Tx) (any, any, error) { v, err := tx.Ports(); return v, []vif.Port{port}, err },
		"ports on":    func(tx *Tx) (any, any, error) { v, err := tx.PortsOn("n1"); return v, []vif.Port{port}, err },
		"ports at":    func(tx *Tx) (any, any, error) { v, err := tx.PortsAt("h1"); return v, []vif.Port{port}, err },
		"attachment": func(tx *Tx) (any, any, error) {
			v, err := tx.Attachment("p1")
			v.Updated = time.Time{}
			return v, attachment, err
		},
		"operation": func(tx *Tx) (any, any, error) {
			v, err := tx.OperationsOf("vm")
			return v, []vif.Operation{operation}, err
		},
		"answer":  func(tx *Tx) (any, any, error) { v, err := tx.Answer("u", "k"); return v, answer, err },
		"lock":    func(tx *Tx) (any, any, error) { v, err := tx.ServerLock("vm"); return v, locked, err },
		"meta":    func(tx *Tx) (any, any, error) { v, err := tx.Meta("a"); return v, "b", err },
		"no meta": func(tx *Tx) (any, any, error) { v, err := tx.Meta("z"); return v, "", err },
	} {
		if err := s.View(t.Context(), func(tx *Tx) error {
			got, want, err := get(tx)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s = %+v, want %+v", what, got, want)
			}
			return err
		}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What the schema refuses comes back as a kind that says what is taken, and
// leaves everything as it was.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	update(t, s, put)
	for _, tt := range []struct {
		what string
		do   func(tx *Tx) error
		want vif.Kind
		says string
	}{
		{"VLAN twice", func(tx *Tx) error { n := network; n.ID = "n2"; return tx.PutNetwork(n) },
			vif.InUse, "VLAN 100 on bridge br-int is already in use by another network."},
		{"VLAN 4095", func(tx *Tx) error { n := network; n.Segment.VLAN = 4095; return tx.PutNetwork(n) }, vif.Invalid, ""},
		{"network with ports", func(tx *Tx) error { return tx.DropNetwork("n1") }, vif.InUse, "Network n1 has subnets or ports."},
		{"subnet with ports", func(tx *Tx) error { return tx.DropSubnet("s4") }, vif.InUse,
			"Unable to complete operation on subnet s4: One or more ports have an IP allocation from this subnet."},
		{"CIDR twice", func(tx *Tx) error { s := subnet4; s.ID = "s5"; return tx.PutSubnet(s) }, vif.InUse,
			"Network n1 has the subnet 10.20.0.0/29 already."},
		{"subnet of no network", func(tx *Tx) error { s := subnet4; s.ID, s.Network = "s5", "n9"; return tx.PutSubnet(s) }, vif.NotFound, ""},
		{"port on no network", func(tx *Tx) error { p := port; p.ID, p.Network = "p2", "n9"; return tx.PutPort(p) }, vif.NotFound, ""},
		{"MAC twice", func(tx *Tx) error { p := port; p.ID = "p2"; return tx.PutPort(p) }, vif.InUse,
			"MAC address fa:16:3e:00:00:01 is already in use on network n1."},
		{"address twice", func(tx *Tx) error {
			p := port
			p.ID, p.MAC = "p2", "fa:16:3e:00:00:02"
			return tx.PutPort(p)
		}, vif.InUse, "Fixed IP fd00:20::9 is already in use."},
		{"tap twice", func(tx *Tx) error { a := attachment; a.NIC.Port.ID, a.NIC.OFPort = "p2", 9; return tx.PutAttachment(a) },
			vif.InUse, "Tap tapp1 is already in use."},
		{"ofport twice", func(tx *Tx) error {
			a := attachment
			a.NIC.Port.ID, a.NIC.Tap = "p2", "tapp2"
			return tx.PutAttachment(a)
		},
			vif.InUse, "OpenFlow port 16384 of bridge br-int is already in use."},
		{"older generation", func(tx *Tx) error { a := attachment; a.NIC.Gen = 4; return tx.PutAttachment(a) }, vif.InUse, "Port p1 is still in use."},
		{"answer twice", func(tx *Tx) error { return tx.PutAnswer(answer) }, vif.InUse, `The idempotency key "k" was used for another request.`},
		{"no network", func(tx *Tx) error { _, err := tx.Network("n9"); return err }, vif.NotFound, ""},
		{"no attachment", func(tx *Tx) error { _, err := tx.Attachment("p9"); return err }, vif.NotFound, ""},
	} {
		err := s.Update(t.Context(), func(tx *Tx) error {
			if err := tx.PutMeta("a", tt.what); err != nil {
				return err
			}
			return tt.do(tx)
		})
		if vif.KindOf(err) != tt.want || vif.Shown(err) != tt.says {
			t.Errorf("%s: %v shown as %q, want %q shown as %q", tt.what, err, vif.Shown(err), tt.want, tt.says)
		}
		update(t, s, func(tx *Tx) error {
			if v, err := tx.Meta("a"); v != "b" || err != nil {
				t.Errorf("%s: left behind %q, %v", tt.what, v, err)
			}
			return nil
		})
	}
}

// A newer generation takes a port's place only once the older one is released,
// and the clean-up of the older one does not hurt it.
func TestGenerations(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	old := attachment
	old.Released = false
	update(t, s, func(tx *Tx) error { return tx.PutAttachment(old) })
	next := old
	next.NIC.Gen, next.Created = 6, time.Time{}
	wantKind(t, s.Update(t.Context(), func(tx *Tx) error { return tx.PutAttachment(next) }), vif.InUse)
	old.Released = true
	update(t, s, func(tx *Tx) error { return tx.PutAttachment(old) })
	update(t, s, func(tx *Tx) error { return tx.PutAttachment(next) })
	update(t, s, func(tx *Tx) error { return tx.DropAttachment("p1", 5) })
	update(t, s, func(tx *Tx) error {
		a, err := tx.Attachment("p1")
		if a.NIC.Gen != 6 || a.Created.Before(day.Add(time.Hour)) {
			t.Errorf("attachment = %+v, want generation 6, made now", a)
		}
		return err
	})
	update(t, s, func(tx *Tx) error { return tx.DropAttachment("p1", 6) })
	wantKind(t, s.View(t.Context(), func(tx *Tx) error { _, err := tx.Attachment("p1"); return err }), vif.NotFound)
}

// Numbers only grow, whatever is deleted, and begin above those of any store
// that was there before.
func TestSequences(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	last := time.Now().Unix() - 1
	for range 2 {
		s, err := Open(t.Context(), dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx *Tx) error {
			n, err := tx.NextGen()
			if n <= last {
				t.Errorf("%d after %d", n, last)
			}
			last = n + 100
			return err
		})
		update(t, s, func(tx *Tx) error { return tx.RaiseGen(last) })
		update(t, s, func(tx *Tx) error { return tx.RaiseGen(3) })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An answer is reserved, then given, then stands.
func TestAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	asked := vif.Answer{Once: answer.Once, Created: day}
	update(t, s, func(tx *Tx) error { return tx.PutAnswer(asked) })
	other := asked
	other.Request = []byte{2}
	wantKind(t, s.Update(t.Context(), func(tx *Tx) error { return tx.PutAnswer(other) }), vif.InUse)
	update(t, s, func(tx *Tx) error { return tx.PutAnswer(answer) })
	wantKind(t, s.Update(t.Context(), func(tx *Tx) error { return tx.PutAnswer(asked) }), vif.InUse)
	update(t, s, func(tx *Tx) error {
		a, err := tx.Answer("u", "k")
		if a.ID != "req-0" {
			t.Errorf("answered under %q", a.ID)
		}
		return err
	})
	for _, tt := range []struct {
		before time.Time
		want   int64
	}{{day, 0}, {day.Add(1), 1}, {day.Add(1), 0}} {
		update(t, s, func(tx *Tx) error {
			n, err := tx.PruneAnswers(tt.before)
			if n != tt.want {
				t.Errorf("pruned %d, want %d", n, tt.want)
			}
			return err
		})
	}
}

func TestPruneOperations(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	newer := operation
	newer.ID, newer.Started = "req-2", day.Add(time.Minute)
	update(t, s, func(tx *Tx) error { return tx.PutOperation(operation) })
	update(t, s, func(tx *Tx) error { return tx.PutOperation(newer) })
	update(t, s, func(tx *Tx) error {
		all, err := tx.Operations()
		if len(all) != 2 || all[0].ID != "req-2" {
			t.Errorf("operations = %v, want the newest first", all)
		}
		return err
	})
	update(t, s, func(tx *Tx) error { _, err := tx.PruneOperations(newer.Started); return err })
	wantKind(t, s.View(t.Context(), func(tx *Tx) error { _, err := tx.Operation("req-1"); return err }), vif.NotFound)
	wantKind(t, s.View(t.Context(), func(tx *Tx) error { _, err := tx.Operation("req-2"); return err }), "")
}
