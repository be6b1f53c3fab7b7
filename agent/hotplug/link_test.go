package hotplug

import (
	"strings"
	"testing"

	"vifd/vif"
)

// seenLink is the link that the guest sees.
func (h *host) seenLink() bool { return h.nics[nic.DeviceAlias()].Link }

func (h *host) definedDown() bool { return h.has("link down in definition %s", nic.Tap) }

// A link that is set down is down for the guest, for its next start, and for
// whoever asks, until it is set up again.
func TestSetLink(t *testing.T) {
	h, e := plugged(t)
	a, err := e.SetLink(t.Context(), vm1, p1, vif.LinkDown)
	if err != nil || a.State != vif.Down || a.Reason != "link is set down" || a.Link != vif.LinkDown {
		t.Errorf("down: %v %q %v, %v", a.State, a.Reason, a.Link, err)
	}
	if h.seenLink() || !h.definedDown() || !rows(t, e)[0].Persisted {
		t.Errorf("guest up: %t, definition down: %t, row %+v", h.seenLink(), h.definedDown(), rows(t, e))
	}
	a, err = e.SetLink(t.Context(), vm1, p1, vif.LinkUp)
	if err != nil || a.State != vif.Active || !h.seenLink() || h.definedDown() {
		t.Errorf("up: %v %q, %v; guest up: %t", a.State, a.Reason, err, h.seenLink())
	}
	if got := h.String(); got != attached {
		t.Errorf("host:\n%s\nwant:\n%s", got, attached)
	}
}

// The next vifd, a guest that starts anew and a NIC that is shown again all have
// the link as it was set.
func TestLinkStaysDown(t *testing.T) {
	h, e := plugged(t)
	if _, err := e.SetLink(t.Context(), vm1, p1, vif.LinkDown); err != nil {
		t.Fatal(err)
	}
	next := newEngine(t, h, e.Store)
	trace := len(h.trace)
	if err := next.Start(t.Context()); err != nil || len(h.trace) != trace {
		t.Errorf("a restart did %v, %v", h.trace[trace:], err)
	}
	for name, happens := range map[string]func(){
		"raised by hand":    func() { n := h.nics[nic.DeviceAlias()]; n.Link = true; h.nics[nic.DeviceAlias()] = n },
		"taken out by hand": func() { delete(h.nics, nic.DeviceAlias()) },
	} {
		happens()
		if err := next.Recover(t.Context(), Look{All: true}); err != nil {
			t.Fatal(err)
		}
		if _, there := h.nics[nic.DeviceAlias()]; h.seenLink() || !there {
			t.Errorf("%s: there %t, up %t", name, there, h.seenLink())
		}
	}
}

// A vifd that dies while it sets a link has set it in the end; a libvirt that
// refuses has the link as it was.
func TestSetLinkDies(t *testing.T) {
	for act, dies := range map[string]func(*host, *Engine){
		"note": func(_ *host, e *Engine) {
			row := rows(t, e)[0]
			if err := e.noteLink(t.Context(), &row, vif.LinkDown); err != nil {
				t.Fatal(err)
			}
		},
		"persist": func(h *host, e *Engine) {
			h.crash = "persist"
			e.SetLink(t.Context(), vm1, p1, vif.LinkDown)
		},
	} {
		h, e := plugged(t)
		dies(h, e)
		h.bury()
		next := newEngine(t, h, e.Store)
		if err := next.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := next.Attached(t.Context(), vm1)
		if err != nil || list[0].State != vif.Down || h.seenLink() || !h.definedDown() {
			t.Errorf("died at %s: %+v, %v; guest up %t, definition down %t", act, list, err, h.seenLink(), h.definedDown())
		}
	}
	h, e := plugged(t)
	h.fail = "link"
	if _, err := e.SetLink(t.Context(), vm1, p1, vif.LinkDown); vif.KindOf(err) != vif.Unavailable {
		t.Errorf("refused: %v", err)
	}
	h.bury()
	if err := e.Recover(t.Context(), Look{All: true}); err != nil || !h.seenLink() || rows(t, e)[0].NIC.Link == vif.LinkDown {
		t.Errorf("after a refusal: up %t, %v", h.seenLink(), err)
	}
}

func TestSetLinkOfNothing(t *testing.T) {
	h, e := plugged(t)
	if _, err := e.SetLink(t.Context(), vm1, "00000000-0000-4000-8000-000000000000", vif.LinkDown); vif.KindOf(err) != vif.NotFound {
		t.Errorf("no such port: %v", err)
	}
	h.stuck = true
	e.Detach(t.Context(), detach(vm1, p1, "req-2"))
	if _, err := e.SetLink(t.Context(), vm1, p1, vif.LinkDown); vif.KindOf(err) != vif.WrongState || !strings.Contains(vif.Shown(err), "on its way") {
		t.Errorf("being detached: %v", err)
	}
}
