package hotplug

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

var request = vif.Request{Server: vm1, Network: "blue", Operation: "req-1"}

var limits = Limits{Active: 200 * time.Millisecond, Attach: 5 * time.Second, Detach: time.Second, Undo: 5 * time.Second}

// attached is a host with one NIC, all of it.
var attached = strings.Join([]string{
	"NIC " + nic.Tap, "definition " + nic.Tap, "flows 3fa85f64", "port held", "switch port " + nic.Tap, "tap " + nic.Tap,
}, "\n")

func newStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newEngine(t *testing.T, h *host, s *store.Store) *Engine {
	t.Helper()
	return New(Parts{
		Authority: h, Taps: h, Switch: h, Hypervisor: h, Store: s, Log: slog.New(slog.DiscardHandler),
	}, limits)
}

// rows are the attachments that the store knows.
func rows(t *testing.T, e *Engine) []store.Attachment {
	t.Helper()
	list, err := e.rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// plugged returns a host with one NIC, and the engine that put it there.
func plugged(t *testing.T) (*host, *Engine) {
	t.Helper()
	h := newHost()
	e := newEngine(t, h, newStore(t))
	if _, err := e.Attach(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h, e
}

// bury lets the next vifd work on what a dead one left.
func (h *host) bury() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead, h.crash, h.fail = false, "", ""
}

func TestAttachAndDetach(t *testing.T) {
	h := newHost()
	e := newEngine(t, h, newStore(t))
	a, err := e.Attach(t.Context(), request)
	if err != nil || a.State != vif.Active {
		t.Fatalf("attach: %v %q, %v", a.State, a.Reason, err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != attached {
		t.Errorf("host:\n%s\nwant:\n%s", got, attached)
	}
	if got := rows(t, e); len(got) != 1 || !got[0].Settled || !got[0].Persisted || got[0].NIC.PCI == "" {
		t.Errorf("row: %+v", got)
	}
	if err := e.Detach(t.Context(), detach(vm1, p1, "req-2")); err != nil {
		t.Fatal(err)
	}
	if got := h.String(); got != "" || len(rows(t, e)) != 0 {
		t.Errorf("left behind:\n%s\nrows %v", got, rows(t, e))
	}
	if got := vif.KindOf(e.Detach(t.Context(), detach(vm1, p1, "req-3"))); got != vif.NotFound {
		t.Errorf("second detach: %v", got)
	}
}

// The filter stands before the port does, and the guest's NIC goes first.
func TestOrder(t *testing.T) {
	h, e := plugged(t)
	if err := e.Detach(t.Context(), detach(vm1, p1, "req-2")); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{
		"claim plug wired raise persist", "claim filter raise", "create wired", "create show persist",
		"hide unplug release unfilter remove forget",
	} {
		acts := strings.Fields(order)
		for i := range len(acts) - 1 {
			first, then := slices.Index(h.trace, acts[i]), slices.Index(h.trace, acts[i+1])
			if first < 0 || then < first {
				t.Errorf("%s is not followed by %s in %v", acts[i], acts[i+1], h.trace)
			}
		}
	}
}

// Whichever act fails, even half-way, the host is left as it was found.
func TestFailedAttachLeavesNoTrace(t *testing.T) {
	for _, act := range []string{"claim", "create", "filter", "plug", "show"} {
		t.Run(act, func(t *testing.T) {
			h := newHost()
			h.fail = act
			if act == "claim" {
				h.down["authority"] = true
			}
			e := newEngine(t, h, newStore(t))
			_, err := e.Attach(t.Context(), request)
			if got := vif.KindOf(err); got != vif.Unavailable {
				t.Errorf("kind of %v = %v", err, got)
			}
			if got := h.String(); got != "" || len(rows(t, e)) != 0 {
				t.Errorf("left behind:\n%s\nrows %v", got, rows(t, e))
			}
		})
	}
}

// With a slow switch the tap is down, and raised when that is done.
func TestSlowSwitch(t *testing.T) {
	h := newHost()
	h.slow = make(chan struct{})
	e := newEngine(t, h, newStore(t))
	a, err := e.Attach(t.Context(), request)
	if err != nil || a.State != vif.Build {
		t.Fatalf("attach: %v, %v", a.State, err)
	}
	e.Close(t.Context())
	if h.up {
		t.Error("the tap is up before the switch has the port")
	}
	close(h.slow)
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	if !h.up {
		t.Error("the tap was not raised")
	}
}

// One pass is about all NICs of a server, however many they are.
func TestServerGoneWithManyNICs(t *testing.T) {
	h := newHost()
	s := newStore(t)
	e := newEngine(t, h, s)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for i := range 10 {
			n := nic
			n.Port.ID = fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)
			n.Tap, n.OFPort = vif.TapName(n.Port.ID, 0), 16384+i
			if err := tx.PutAttachment(store.Attachment{NIC: n, Desired: store.Attached, Settled: true, Persisted: true}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.gone = true
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	if left := rows(t, e); len(left) != 0 {
		t.Errorf("%d of 10 are left", len(left))
	}
}

// What a server's state does not allow changes nothing.
func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*host)
		want   vif.Kind
	}{
		"suspended":    {func(h *host) { h.srv.State = vif.ServerSuspended }, vif.WrongState},
		"crashed":      {func(h *host) { h.srv.State = vif.ServerCrashed }, vif.WrongState},
		"undefined":    {func(h *host) { h.gone = true }, vif.NotFound},
		"no slot":      {func(h *host) { h.srv.FreeSlots = 0 }, vif.NoSlot},
		"libvirt down": {func(h *host) { h.down["libvirt"] = true }, vif.Unavailable},
		"switch down":  {func(h *host) { h.down["switch"] = true }, vif.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			tt.change(h)
			e := newEngine(t, h, newStore(t))
			_, err := e.Attach(t.Context(), request)
			if got := vif.KindOf(err); got != tt.want || vif.Shown(err) == "" {
				t.Errorf("%v (%v), want %v", got, err, tt.want)
			}
			if got := h.String(); got != "" {
				t.Errorf("left behind:\n%s", got)
			}
		})
	}
}

// The slot of a NIC that somebody took out is not free: the NIC comes back.
func TestSlotOwed(t *testing.T) {
	h, e := plugged(t)
	clear(h.nics)
	for _, free := range []int{1, 2} {
		h.srv.FreeSlots = free
		_, err := e.Attach(t.Context(), request) // of a port that is in use already
		if got := errors.Is(err, vif.NoSlot); got != (free == 1) {
			t.Errorf("with %d free slots: %v", free, err)
		}
	}
}

// Nothing is refused for what a server was like a moment ago.
func TestSeenBefore(t *testing.T) {
	for _, was := range []vif.Server{{ID: vm1, State: vif.ServerSuspended}, {ID: vm1, State: vif.ServerActive, Live: true, Slots: true}} {
		h := newHost()
		r := request
		r.Seen = &was
		if _, err := newEngine(t, h, newStore(t)).Attach(t.Context(), r); err != nil {
			t.Errorf("%+v: %v", was, err)
		}
	}
}

// A caller that goes away does not leave half a NIC.
func TestCallerGoesAway(t *testing.T) {
	h := newHost()
	e := newEngine(t, h, newStore(t))
	ctx, cancel := context.WithCancel(t.Context())
	r := request
	r.OnProgress = func(vif.Progress) { cancel() }
	if _, err := e.Attach(ctx, r); err != nil {
		t.Fatal(err)
	}
	e.Close(t.Context())
	if got := h.String(); got != attached {
		t.Errorf("host:\n%s\nwant:\n%s", got, attached)
	}
}

// A switch that says that it cannot take the port fails the attach; one that is
// only slow does not.
func TestSwitchRefuses(t *testing.T) {
	h := newHost()
	h.error = "could not open network device"
	e := newEngine(t, h, newStore(t))
	_, err := e.Attach(t.Context(), request)
	if err == nil || !strings.Contains(err.Error(), h.error) {
		t.Errorf("attach: %v", err)
	}
	if got := h.String(); got != "" {
		t.Errorf("left behind:\n%s", got)
	}
}

// Each operation is kept with its steps and how it ended.
func TestOperations(t *testing.T) {
	h, s := newHost(), newStore(t)
	e := newEngine(t, h, s)
	r := request
	var noted vif.Operation
	r.OnProgress = func(p vif.Progress) {
		if p.Step == stepTap {
			noted = operations(t, s)[0]
		}
	}
	if _, err := e.Attach(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	e.Close(t.Context())
	if noted.ID != "req-1" || noted.Result != "" {
		t.Errorf("while it was under way: %+v", noted)
	}
	h.fail = "hide"
	e.Detach(t.Context(), detach(vm1, p1, "req-2"))
	h.fail = ""
	e.Detach(t.Context(), detach(vm1, p1, "req-3"))
	var ended []string
	for _, o := range operations(t, s) {
		ended = append(ended, o.ID+" "+o.Kind+" "+o.Result)
		if len(o.Steps) == 0 {
			t.Errorf("%s has no steps", o.ID)
		}
	}
	slices.Sort(ended)
	want := []string{"req-1 attach_interface Success", "req-2 detach_interface Error", "req-3 detach_interface Success"}
	if !slices.Equal(ended, want) {
		t.Errorf("operations %q, want %q", ended, want)
	}
}

// detach asks for a port to be taken out of a server.
func detach(server, port, operation string) vif.Request {
	return vif.Request{Server: server, Port: port, Operation: operation}
}

func operations(t *testing.T, s *store.Store) (list []vif.Operation) {
	t.Helper()
	if err := s.View(t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Operations()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}
