package hotplug

import (
	"slices"
	"testing"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// Wherever vifd dies, the next vifd brings the host back to all or nothing.
func TestRecover(t *testing.T) {
	for _, tt := range []struct {
		crash, want string
	}{
		{"claim", ""}, {"create", ""}, {"filter", ""}, {"plug", ""}, {"show", ""},
		{"raise", ""}, {"persist", attached},
		{"hide", ""}, {"unplug", ""}, {"unfilter", ""}, {"release", ""}, {"remove", ""},
	} {
		t.Run(tt.crash, func(t *testing.T) {
			h, s := newHost(), newStore(t)
			h.crash = tt.crash
			e := newEngine(t, h, s)
			if _, err := e.Attach(t.Context(), request); err == nil {
				e.Close(t.Context())
				e.Detach(t.Context(), detach(vm1, p1, "req-2"))
			}
			if !h.dead {
				t.Fatalf("vifd did not die at %s: %v", tt.crash, h.trace)
			}
			h.bury()
			next := newEngine(t, h, s)
			if err := next.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, o := range operations(t, s) {
				if o.Result == "" && tt.crash != "claim" {
					t.Errorf("operation left open: %+v", o)
				}
			}
			if tt.crash == "persist" {
				return // the detach after it died too, and is gone on with
			}
			if got := h.String(); got != tt.want || len(rows(t, next)) != 0 {
				t.Errorf("host:\n%s\nwant:\n%s\nrows %v", got, tt.want, rows(t, next))
			}
		})
	}
}

// A guest that does not let go keeps everything, and is asked again.
func TestStubbornGuest(t *testing.T) {
	h, e := plugged(t)
	h.stuck = true
	if got := vif.KindOf(e.Detach(t.Context(), detach(vm1, p1, "req-2"))); got != vif.Pending {
		t.Errorf("detach: %v", got)
	}
	if got := h.String(); got != attached {
		t.Errorf("host:\n%s\nwant:\n%s", got, attached)
	}
	list, err := e.Attached(t.Context(), vm1)
	if err != nil || len(list) != 1 || list[0].State != vif.Build || !e.Detaching(t.Context(), vm1, p1) {
		t.Errorf("attached: %+v, %v", list, err)
	}
	if o := operations(t, e.Store); o[0].ID != "req-2" || o[0].Result != "" {
		t.Errorf("while the guest holds on: %+v", o)
	}
	h.stuck = false
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != "" {
		t.Errorf("left behind:\n%s", got)
	}
	if o := operations(t, e.Store); o[0].Result != vif.Success || o[0].Finished.IsZero() {
		t.Errorf("when it has let go: %+v", o)
	}
}

// Two detaches that a guest held up are both done when it lets go.
func TestDetachedTwice(t *testing.T) {
	h, e := plugged(t)
	h.stuck = true
	for _, id := range []string{"req-2", "req-3"} {
		if got := vif.KindOf(e.Detach(t.Context(), detach(vm1, p1, id))); got != vif.Pending {
			t.Errorf("%s: %v", id, got)
		}
	}
	h.stuck = false
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	for _, o := range operations(t, e.Store) {
		if o.Result != vif.Success {
			t.Errorf("left open: %+v", o)
		}
	}
}

// A claim of a port whose last attachment was just released is given back, too,
// when vifd dies before it is noted.
func TestClaimAfterRelease(t *testing.T) {
	h, s := newHost(), newStore(t)
	e := newEngine(t, h, s)
	if _, err := e.Attach(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	e.Close(t.Context())
	h.crash = "remove" // released, and the tap not yet
	e.Detach(t.Context(), detach(vm1, p1, "req-2"))
	h.bury()
	if _, err := h.Claim(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if err := newEngine(t, h, s).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != "" {
		t.Errorf("left behind:\n%s", got)
	}
}

// A switch that does not answer is no ACTIVE port, whatever it last said, and
// what is not known clears no error.
func TestSwitchDies(t *testing.T) {
	h, e := plugged(t)
	h.down = map[string]bool{"switch": true, "libvirt": true}
	list, err := e.Attached(t.Context(), vm1)
	if err != nil || len(list) != 1 || list[0].State != vif.Error || list[0].Reason != "Open vSwitch is down" {
		t.Errorf("attached: %+v, %v", list, err)
	}
	row := rows(t, e)[0]
	if err := e.amend(t.Context(), row.NIC, func(a *store.Attachment) { a.Error = "broken" }); err != nil {
		t.Fatal(err)
	}
	if err := e.Recover(t.Context(), Look{All: true}); err != nil || rows(t, e)[0].Error != "broken" {
		t.Errorf("error cleared with nothing known: %q, %v", rows(t, e)[0].Error, err)
	}
	h.down = nil
	if err := e.Recover(t.Context(), Look{All: true}); err != nil || rows(t, e)[0].Error != "" {
		t.Errorf("error kept though all is well: %q, %v", rows(t, e)[0].Error, err)
	}
}

// An undefined server gives its ports back; a stopped one keeps them.
func TestServerGone(t *testing.T) {
	h, e := plugged(t)
	h.srv.Live, h.srv.State = false, vif.ServerStopped
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != attached {
		t.Errorf("stopped:\n%s", got)
	}
	h.gone = true
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != "" {
		t.Errorf("undefined:\n%s", got)
	}
}

// With nothing wrong, a pass does nothing; and with libvirt down it frees nothing.
func TestRecoverTouchesNothing(t *testing.T) {
	h, e := plugged(t)
	before := slices.Clone(h.trace)
	for _, down := range []string{"", "libvirt", "switch"} {
		h.down = map[string]bool{down: true}
		if err := e.Recover(t.Context(), Look{All: true}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(h.trace, before) {
			t.Errorf("%q down: did %v", down, h.trace[len(before):])
		}
	}
}

// A vifd that dies when nothing is left to do but to close the record of what it
// did, leaves that to the next one.
func TestRecordLeftOpen(t *testing.T) {
	h, s := newHost(), newStore(t)
	kinds := map[string]string{vif.AttachInterface: vif.Failure, vif.DetachInterface: vif.Success}
	for kind := range kinds {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.PutOperation(vif.Operation{ID: "req-" + kind, Kind: kind, Server: vm1, Port: p1, Started: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := newEngine(t, h, s).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range operations(t, s) {
		if o.Result != kinds[o.Kind] || o.Finished.IsZero() {
			t.Errorf("%+v", o)
		}
	}
}

// What nobody owns is a leak from the second look on, and goes by it, from a host without attachments too.
func TestStrayWithoutAttachments(t *testing.T) {
	h := newHost()
	e := newEngine(t, h, newStore(t))
	if err := h.Create(t.Context(), nic); err != nil {
		t.Fatal(err)
	}
	for at, leaked := range []int{0, 1, 0} {
		if err := e.Recover(t.Context(), Look{All: true}); err != nil {
			t.Fatal(err)
		}
		if got := e.Leaked(); len(got) != leaked {
			t.Errorf("look %d found %v, want %d", at, got, leaked)
		}
	}
	if got := h.String(); got != "" {
		t.Errorf("left behind:\n%s", got)
	}
}

// A server that starts while the host is looked at has taken hold of its taps
// since they were seen: it keeps its NIC.
func TestStartsMeanwhile(t *testing.T) {
	for _, look := range []Look{{All: true}, {Servers: []string{vm1}}} {
		h, e := plugged(t)
		h.srv.State, h.srv.Live, h.boots = vif.ServerStopped, false, true
		h.trace = nil
		if err := e.Recover(t.Context(), look); err != nil {
			t.Fatal(err)
		}
		if h.boots || len(h.trace) > 0 {
			t.Errorf("%+v: %v", look, h.trace)
		}
	}
}

// A claim that cannot be given back, as the disk is full, keeps nothing else.
func TestReleaseRefused(t *testing.T) {
	h, e := plugged(t)
	h.down["authority"] = true
	if got := vif.KindOf(e.Detach(t.Context(), detach(vm1, p1, "req-2"))); got != vif.Unavailable {
		t.Errorf("detach: %v", got)
	}
	if got := h.String(); got != "port held" {
		t.Errorf("host:\n%s\nwant the port alone", got)
	}
	h.down["authority"] = false
	if err := e.Recover(t.Context(), Look{All: true}); err != nil || h.String() != "" {
		t.Errorf("%v, host:\n%s", err, h)
	}
}

// What a detach leaves undone, or an attach that is taken back, is looked at soon.
func TestUnfinished(t *testing.T) {
	h, e := plugged(t)
	h.fail = "unplug"
	halfAttached := func(e *Engine) error {
		r := request
		r.Seen = &vif.Server{ID: vm1, State: vif.ServerActive, Live: true, Slots: true, FreeSlots: 8}
		_, err := e.Attach(t.Context(), r)
		return err
	}
	down := newHost()
	down.down["libvirt"] = true
	for name, tt := range map[string]struct {
		e    *Engine
		does func(*Engine) error
	}{
		"detach": {e, func(e *Engine) error { return e.Detach(t.Context(), detach(vm1, p1, "req-2")) }},
		"attach": {newEngine(t, down, newStore(t)), halfAttached},
	} {
		var asked []string
		tt.e.Again = func(l Look) { asked = append(asked, l.Servers...) }
		if err := tt.does(tt.e); vif.KindOf(err) != vif.Unavailable || !slices.Equal(asked, []string{vm1}) {
			t.Errorf("%s: %v, and looks are wanted at %v", name, err, asked)
		}
	}
}

// What an attach completes between the look and what is done about it is not done
// again. What it left to be done is, by another look.
func TestCompletedMeanwhile(t *testing.T) {
	for name, before := range map[string]func(*store.Attachment){
		"persisted": func(a *store.Attachment) { a.Persisted = false },
		"settled":   func(a *store.Attachment) { a.Settled = false },
	} {
		t.Run(name, func(t *testing.T) {
			h, e := plugged(t)
			was := rows(t, e)[0]
			before(&was)
			w, err := e.see(t.Context(), []store.Attachment{was}, Look{All: true})
			if err != nil {
				t.Fatal(err)
			}
			var asked []string
			e.Again = func(l Look) { asked = append(asked, l.Servers...) }
			began := len(h.trace)
			if err := e.mend(t.Context(), was, w); err != nil || len(h.trace) != began || !slices.Equal(asked, []string{vm1}) {
				t.Errorf("did %v, %v, and looks are wanted at %v", h.trace[began:], err, asked)
			}
		})
	}
}
