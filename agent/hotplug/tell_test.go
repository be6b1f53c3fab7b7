package hotplug

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

// events are what was told from the first on, a line each.
func events(t *testing.T, e *Engine) []vif.Event {
	t.Helper()
	list, _, err := e.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// lines say events as a person would.
func lines(list []vif.Event) string {
	var all []string
	for _, e := range list {
		line := fmt.Sprint(e.Kind)
		for _, word := range []string{string(e.Was), string(e.State), e.Action, e.Result, e.Reason} {
			if word != "" {
				line += " " + word
			}
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// wantEvents wants what was told since the first so many to be so.
func wantEvents(t *testing.T, e *Engine, since int, want ...string) {
	t.Helper()
	if got := lines(events(t, e)[since:]); got != strings.Join(want, "\n") {
		t.Errorf("told:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// noticed are what waits for Nova.
func noticed(t *testing.T, e *Engine) (list []string) {
	t.Helper()
	for {
		var some []vif.Notice
		if err := e.Store.Update(t.Context(), func(tx *store.Tx) (err error) {
			if some, err = tx.Notices(1, func(string) bool { return false }); err == nil && len(some) > 0 {
				err = tx.DropNotice(some[0].ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			return list
		}
		list = append(list, some[0].Name+" "+some[0].Status)
	}
}

func wantNotices(t *testing.T, e *Engine, want ...string) {
	t.Helper()
	if got := noticed(t, e); !slices.Equal(got, want) {
		t.Errorf("Nova is to be told %q, want %q", got, want)
	}
}

var cameIn = []string{
	"attachment.added BUILD being attached",
	"operation.finished attach_interface Success",
	"port.state BUILD ACTIVE",
}

// An attachment is told from its coming to its going, each change once, however
// often somebody looks.
func TestTellAttachAndDetach(t *testing.T) {
	h := newHost()
	e := newEngine(t, h, newStore(t))
	e.limits.Notices = true
	if _, err := e.Attach(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Recover(t.Context(), Look{All: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Detach(t.Context(), vif.Request{Server: vm1, Port: p1, Operation: "req-2"}); err != nil {
		t.Fatal(err)
	}
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 0, append(slices.Clone(cameIn),
		"port.state ACTIVE BUILD being detached",
		"attachment.removed BUILD",
		"operation.finished detach_interface Success")...)
	wantNotices(t, e, "network-vif-plugged completed", "network-vif-unplugged completed")
	for i, ev := range events(t, e) {
		if ev.Server != vm1 || ev.Port != p1 || ev.At.IsZero() || ev.ID != events(t, e)[0].ID+int64(i) {
			t.Errorf("event %+v", ev)
		}
	}
}

// An attach that fails is told to have come and gone, and Nova never hears of it.
func TestTellFailedAttach(t *testing.T) {
	h := newHost()
	h.fail = "show"
	e := newEngine(t, h, newStore(t))
	e.limits.Notices = true
	if _, err := e.Attach(t.Context(), request); err == nil {
		t.Fatal("it succeeded")
	}
	wantEvents(t, e, 0, cameIn[0], "attachment.removed BUILD", "operation.finished attach_interface Error show fails")
	wantNotices(t, e)
}

// Nova hears of a port that goes down that it is unplugged, once, and that it is
// plugged when it is back; of its detach it hears what it does not know yet.
func TestTellDown(t *testing.T) {
	for _, back := range []bool{true, false} {
		h := newHost()
		e := newEngine(t, h, newStore(t))
		e.limits.Notices = true
		want := []string{"network-vif-plugged completed", "network-vif-unplugged completed"}
		if _, err := e.Attach(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		links := []vif.Link{vif.LinkDown}
		if back {
			links, want = append(links, vif.LinkUp), append(want, want...)
		}
		for _, l := range links {
			if _, err := e.SetLink(t.Context(), vm1, p1, l); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := e.Recover(t.Context(), Look{All: true}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := e.Detach(t.Context(), vif.Request{Server: vm1, Port: p1, Operation: "req-2"}); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantNotices(t, e, want...)
	}
}

// What somebody did to the host is told as it was found, and then as it is mended.
func TestTellWhatWasFound(t *testing.T) {
	h, e := plugged(t)
	e.limits.Notices = true
	h.up, h.rose[nic.Tap] = false, false
	if err := e.Recover(t.Context(), Look{}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 3, "port.state ACTIVE DOWN the tap "+nic.Tap+" is down", "port.state DOWN ACTIVE")
	h.down["switch"] = true
	for range 2 {
		if err := e.Recover(t.Context(), Look{}); err != nil {
			t.Fatal(err)
		}
	}
	wantEvents(t, e, 5, "port.state ACTIVE ERROR Open vSwitch is down")
	h.down["switch"] = false
	if err := e.Recover(t.Context(), Look{}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 6, "port.state ERROR ACTIVE")
	wantNotices(t, e, "network-vif-plugged completed", "network-vif-plugged failed", "network-vif-plugged completed")
}

// What became of a repair is told, too.
func TestTellRepair(t *testing.T) {
	h, e := plugged(t)
	if err := e.amend(t.Context(), rows(t, e)[0].NIC, func(a *store.Attachment) { a.Error = "no luck" }); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 3, "port.state ACTIVE ERROR no luck")
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 4, "port.state ERROR ACTIVE")
	h.gone = true
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 5, "attachment.removed ACTIVE")
}

// An attachment that is no more, and went without a word, is told to be gone.
func TestTellLost(t *testing.T) {
	_, e := plugged(t)
	n := rows(t, e)[0].NIC
	if err := e.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.DropAttachment(p1, n.Gen) }); err != nil {
		t.Fatal(err)
	}
	if err := e.Recover(t.Context(), Look{All: true}); err != nil {
		t.Fatal(err)
	}
	wantEvents(t, e, 3, "attachment.removed ACTIVE")
}

// Wherever vifd dies, who follows has, after the next vifd's first look, the same
// before them as who lists.
func TestTellAfterDeath(t *testing.T) {
	for _, crash := range strings.Fields("create filter plug show raise link persist hide unplug unfilter release remove") {
		t.Run(crash, func(t *testing.T) {
			h, s := newHost(), newStore(t)
			h.crash = crash
			e := newEngine(t, h, s)
			if _, err := e.Attach(t.Context(), request); err == nil {
				e.Close(t.Context())
				e.Detach(t.Context(), vif.Request{Server: vm1, Port: p1, Operation: "req-2"})
			}
			h.bury()
			next := newEngine(t, h, s)
			if err := next.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, err := next.Attached(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			listed := map[string]vif.State{}
			for _, at := range list {
				listed[at.Port.ID] = at.State
			}
			if mirror := follow(t, events(t, next)); fmt.Sprint(mirror) != fmt.Sprint(listed) {
				t.Errorf("who follows sees %v, who lists %v\n%s", mirror, listed, lines(events(t, next)))
			}
		})
	}
}

// follow returns what somebody knows who saw all events, and wants each to fit
// what was before it.
func follow(t *testing.T, list []vif.Event) map[string]vif.State {
	t.Helper()
	known := map[string]vif.State{}
	for _, e := range list {
		was, there := known[e.Port]
		if e.Kind != vif.OperationFinished && (was != e.Was || there == (e.Kind == vif.AttachmentAdded)) {
			t.Errorf("%s after %q in\n%s", e.Kind, was, lines(list))
		}
		switch e.Kind {
		case vif.AttachmentAdded, vif.PortState:
			known[e.Port] = e.State
		case vif.AttachmentRemoved:
			delete(known, e.Port)
		}
	}
	return known
}
