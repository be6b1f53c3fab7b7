package hotplug

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vifd/agent/store"
	"vifd/test/dose"
	"vifd/vif"
)

// passes is how many looks at everything put any host right: one finds what
// nobody owns, the next takes it away, and so on for what that uncovers.
const passes = 6

// Whatever has happened to a host, a few passes put all of it right, and what has
// no mark of ours is not touched; what nobody owns outlives the first; and on a
// host where all is well a pass does nothing.
//
// VIFD_WORLDS says how many hosts are tried.
func TestChaos(t *testing.T) {
	worlds := "200"
	if asked := os.Getenv("VIFD_WORLDS"); asked != "" {
		worlds = asked
	}
	if err := flag.Set("rapid.checks", worlds); err != nil {
		t.Fatal(err)
	}
	s, tried := newStore(t), 0
	dose.Tally(t, "random hosts, put right", func() int { return tried })
	rapid.Check(t, func(t *rapid.T) { tried++; chaos(t, s) })
}

func chaos(t *rapid.T, s *store.Store) {
	l := newLab()
	rows := l.furnish(t)
	l.wreck(t, rows)
	keep(t, s, rows)
	before := l.String()
	e := New(Parts{Authority: l, Taps: l, Switch: l, Hypervisor: l, Store: s, Log: slog.New(slog.DiscardHandler)}, limits)
	strangers, nobodys := l.foreign(), l.nobodys()
	var why error
	for pass := range passes {
		why = e.Recover(t.Context(), Look{All: true})
		if pass == 0 && l.nobodys() != nobodys {
			t.Fatalf("the first look took away what it had not seen before:\n%s\nwas\n%s", l, before)
		}
	}
	found, err := e.inspect(t.Context(), false)
	found = slices.DeleteFunc(found, func(f vif.Leak) bool { return f.Kind == vif.Unknown })
	if err != nil || len(found) > 0 {
		t.Fatalf("%+v, %v, last pass: %v\n%s\nwas\n%s", found, err, why, l, before)
	}
	if now := l.foreign(); now != strangers {
		t.Fatalf("strangers were\n%s\nand are\n%s", strangers, now)
	}
	acts := l.acts
	if err := e.Recover(t.Context(), Look{All: true}); err != nil || l.acts != acts {
		t.Fatalf("all is well, and a pass did %d things, %v\n%s", l.acts-acts, err, l)
	}
}

// keep makes the store know these rows and no others.
func keep(t *rapid.T, s *store.Store, rows []store.Attachment) {
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		old, err := tx.Attachments()
		if err != nil {
			return err
		}
		for _, a := range old {
			if err := tx.DropAttachment(a.NIC.Port.ID, a.NIC.Gen); err != nil {
				return err
			}
		}
		for _, a := range rows {
			if err := tx.PutAttachment(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// furnish puts two servers and some attachments in any state on the host, each as
// whole as its state says at least.
func (l *lab) furnish(t *rapid.T) (rows []store.Attachment) {
	for i := range 2 {
		id := fmt.Sprintf("0000000%d-0000-4000-8000-00000000000a", i)
		s := server{Server: vif.Server{ID: id, State: vif.ServerActive, Live: true, Persistent: true}, holds: map[string]int{}}
		if rapid.Bool().Draw(t, "off") {
			s.State, s.Live = vif.ServerStopped, false
		}
		l.servers[id] = s
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "ports") {
		n := nic
		n.Port.ID = fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)
		n.Port.MAC = fmt.Sprintf("fa:16:3e:00:00:%02x", i)
		n.Tap, n.OFPort, n.Gen = vif.TapName(n.Port.ID, 0), 16384+i, int64(10+i)
		n.Server = fmt.Sprintf("0000000%d-0000-4000-8000-00000000000a", rapid.IntRange(0, 1).Draw(t, "server"))
		n.Port.Device, n.Port.Claim = n.Server, int64(i+1)
		a := store.Attachment{NIC: n, Desired: store.Attached, Settled: true, Persisted: rapid.Bool().Draw(t, "persisted")}
		switch rapid.IntRange(0, 5).Draw(t, "way") {
		case 0:
			a.Settled, a.Persisted = false, false
		case 1:
			a.Desired = store.Absent
		case 2:
			a.Desired, a.Released = store.Absent, true
		}
		l.whole(n, a.Released)
		rows = append(rows, a)
	}
	l.acts = 0
	return rows
}

// whole puts all of n on the host, but for its claim and its NIC when that was
// given back.
func (l *lab) whole(n vif.NIC, released bool) {
	l.made++
	l.taps[n.Tap] = vif.Tap{Name: n.Tap, Index: l.made, Port: n.Port.ID, Gen: n.Gen, MTU: n.Port.MTU, Up: true}
	l.rows[n.Tap] = l.row(n)
	l.flows[vif.Cookie(n.Port.ID)] = rules(n)
	if released {
		return
	}
	l.held[n.Port.ID] = n.Port
	s := l.servers[n.Server]
	s.NICs, s.Noted = append(s.NICs, shown(n)), append(s.Noted, n.Port.ID)
	if s.Live {
		s.defined = append(s.defined, shown(n))
	}
	s.holds[n.DeviceAlias()] = l.made
	l.servers[n.Server] = s
}
