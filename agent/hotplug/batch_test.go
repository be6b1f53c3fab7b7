package hotplug

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

// three asks for three NICs for one server, under one name.
func three() (rs []vif.Request) {
	once := &vif.Once{Caller: "root", Key: "k", Request: []byte("three")}
	for i := range 3 {
		rs = append(rs, vif.Request{
			Server: vm1, Port: fmt.Sprintf("%08x-0000-4000-8000-000000000000", i), Operation: fmt.Sprintf("req-%d", i), Once: once,
		})
	}
	return rs
}

func ports(list []vif.Attachment) (ids []string) {
	for _, a := range list {
		ids = append(ids, a.Port.ID[:8])
	}
	return ids
}

var all = []string{"00000000", "00000001", "00000002"}

// One after the other the server gets its NICs, and they are settled together.
func TestAttachAll(t *testing.T) {
	h, s := newHost(), newStore(t)
	e := newEngine(t, h, s)
	list, err := e.AttachAll(t.Context(), three())
	if err != nil || !slices.Equal(ports(list), all) {
		t.Fatalf("attached %v, %v", ports(list), err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, a := range rows(t, e) {
		if !a.Settled || !a.Persisted {
			t.Errorf("row: %+v", a)
		}
	}
	for _, o := range operations(t, s) {
		if o.Result != vif.Success || o.Port == "" {
			t.Errorf("operation: %+v", o)
		}
	}
}

// Whichever act of whichever NIC fails, those before it are taken back, too: the
// last first, and each from the guest first.
func TestAttachAllOrNone(t *testing.T) {
	for _, act := range []string{"claim", "create", "filter", "plug", "show"} {
		for spare := range 3 {
			t.Run(fmt.Sprint(act, spare), func(t *testing.T) {
				h := newHost()
				h.fail, h.spare = act, spare
				e := newEngine(t, h, newStore(t))
				if _, err := e.AttachAll(t.Context(), three()); vif.KindOf(err) != vif.Unavailable {
					t.Errorf("attach: %v", err)
				}
				if act == "claim" { // a claim that half-happens is found at the next start
					h.bury()
					if err := e.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if got := h.String(); got != "" || len(rows(t, e)) != 0 {
					t.Errorf("left behind:\n%s\nrows %v", got, rows(t, e))
				}
			})
		}
	}
}

func TestTakenBackInOrder(t *testing.T) {
	h := newHost()
	h.fail, h.spare = "show", 2
	e := newEngine(t, h, newStore(t))
	if _, err := e.AttachAll(t.Context(), three()); err == nil {
		t.Fatal("attached")
	}
	back := h.trace[slices.Index(h.trace, "hide"):]
	want := strings.Repeat("hide unplug release unfilter remove forget ", 3)
	if got := strings.Join(back, " ") + " "; got != want {
		t.Errorf("taken back by %s, want %s", got, want)
	}
	if want := []string{"00000002", "00000001", "00000000"}; !slices.Equal(h.hid, want) {
		t.Errorf("taken back %v, want %v", h.hid, want)
	}
}

// So many slots are looked for as there are NICs, before anything is made.
func TestTooFewSlots(t *testing.T) {
	h := newHost()
	h.srv.FreeSlots = 2
	e := newEngine(t, h, newStore(t))
	_, err := e.AttachAll(t.Context(), three())
	if vif.KindOf(err) != vif.NoSlot || !strings.Contains(vif.Shown(err), "2 free PCI slots, too few for 3 NICs") {
		t.Errorf("attach: %v", err)
	}
	if len(h.trace) != 0 {
		t.Errorf("did %v", h.trace)
	}
}

// Wherever vifd dies in a batch, the next one finds all of it done, or takes all
// of it back; and whoever asks again has three NICs in the end, not more.
func TestBatchDies(t *testing.T) {
	for _, act := range []string{"claim", "create", "filter", "plug", "raise", "show", "persist"} {
		for spare := range 3 {
			t.Run(fmt.Sprint(act, spare), func(t *testing.T) {
				h, s := newHost(), newStore(t)
				h.crash, h.spare = act, spare
				e := newEngine(t, h, s)
				_, err := e.AttachAll(t.Context(), three())
				e.Close(t.Context())
				if !h.dead {
					t.Fatalf("vifd did not die: %v", h.trace)
				}
				h.bury()
				next := newEngine(t, h, s)
				if err := next.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := len(rows(t, next)); n != 0 && err != nil || n != 3 && err == nil {
					t.Errorf("answered %v, and %d are there", err, n)
				}
				again := three()
				for i := range again {
					again[i].Operation += "-again"
				}
				list, err := next.AttachAll(t.Context(), again)
				if err != nil || !slices.Equal(ports(list), all) {
					t.Errorf("again: %v, %v", ports(list), err)
				}
				next.Close(t.Context())
				if n := strings.Count(h.String(), "NIC "); n != 3 || len(rows(t, next)) != 3 {
					t.Errorf("%d NICs:\n%s", n, h)
				}
			})
		}
	}
}

// While what was begun is still being taken back, asking again has to wait; when
// it was done and undone by somebody else, it is not done once more.
func TestAskedAgain(t *testing.T) {
	h, s := newHost(), newStore(t)
	e := newEngine(t, h, s)
	h.crash = "show"
	r := three()[0]
	if _, err := e.Attach(t.Context(), r); err == nil {
		t.Fatal("attached by the dead")
	}
	h.bury()
	h.stuck = true
	next := newEngine(t, h, s)
	if err := next.Start(t.Context()); vif.KindOf(err) != vif.Pending {
		t.Fatal(err)
	}
	if _, err := next.Attach(t.Context(), r); vif.KindOf(err) != vif.Unavailable || !strings.Contains(err.Error(), "still being taken back") {
		t.Errorf("while it is taken back: %v", err)
	}
	h.stuck = false
	if err := next.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := next.Attach(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	next.Close(t.Context())
	if a, err := next.Attach(t.Context(), r); err != nil || a.State != vif.Active {
		t.Errorf("when it is done: %v, %v", a.State, err)
	}
	if err := next.Detach(t.Context(), detach(vm1, r.Port, "req-9")); err != nil {
		t.Fatal(err)
	}
	if _, err := next.Attach(t.Context(), r); vif.KindOf(err) != vif.WrongState {
		t.Errorf("when it was detached: %v", err)
	}
	if got := h.String(); got != "" {
		t.Errorf("left behind:\n%s", got)
	}
}

// The name of a request is noted with what it begins, in one commit.
func TestOnceIsNoted(t *testing.T) {
	h, s := newHost(), newStore(t)
	h.crash = "create"
	e := newEngine(t, h, s)
	e.AttachAll(t.Context(), three())
	err := s.View(t.Context(), func(tx *store.Tx) error {
		a, err := tx.Answer("root", "k")
		if a.Status != 0 || !slices.Equal(a.Operations, []string{"req-0", "req-1", "req-2"}) {
			t.Errorf("noted %+v", a)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
