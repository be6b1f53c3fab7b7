package hotplug

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"vifd/agent/store"
	"vifd/vif"
)

// guarded returns p with what its groups let pass: their rules, and whatever the
// members send of the groups that they name.
func (h *host) guarded(p vif.Port) vif.Port {
	p.Passes = nil
	for _, g := range p.Groups {
		p.Passes = append(p.Passes, h.rules[g]...)
		if named, ok := h.named[g]; ok {
			p.Passes = append(p.Passes, vif.Pass{Direction: vif.Ingress, Version: 4, Protocol: vif.AnyProtocol, Remote: h.members(named)})
		}
	}
	return p
}

func (h *host) members(group string) []netip.Prefix {
	list := []netip.Prefix{}
	for _, id := range slices.Sorted(maps.Keys(h.ports)) {
		if p := h.ports[id]; slices.Contains(p.Groups, group) {
			for _, f := range p.FixedIPs {
				list = append(list, netip.PrefixFrom(f.Address, 32))
			}
		}
	}
	return list
}

func (h *host) Leave(ctx context.Context, p vif.Port) error {
	return h.act(ctx, "authority", "leave", func() {
		if now := h.ports[p.ID]; now.Claim == p.Claim && now.Ephemeral {
			now.Groups = nil
			h.ports[p.ID] = now
		}
	})
}

// ssh is a rule of a group.
var ssh = vif.Pass{Direction: vif.Ingress, Version: 4, Protocol: vif.TCP, Ports: &vif.Range{First: 22, Last: 22}}

const p2 = "55555555-0000-4000-8000-000000000002"

// guardedHost has p1, in the group "web", whose rules are ssh, and that friends may
// come.
func guardedHost(t *testing.T) (*host, *Engine) {
	t.Helper()
	h := newHost()
	h.rules["web"], h.named["web"] = []vif.Pass{ssh}, "friends"
	h.want = []string{"web"}
	e := newEngine(t, h, newStore(t))
	if _, err := e.Attach(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	e.after.Wait()
	return h, e
}

// agreed returns what p1 lets pass, as the row, the authority and the filter have it:
// one text if they agree.
func agreed(t *testing.T, h *host, e *Engine) string {
	t.Helper()
	i := slices.IndexFunc(rows(t, e), func(a store.Attachment) bool { return a.NIC.Port.ID == p1 })
	row, filter := said(rows(t, e)[i].NIC.Port.Passes), said(h.lets[p1])
	held, _ := h.Held(t.Context(), p1)
	if port := said(held[0].Passes); row != port || port != filter {
		t.Errorf("the row has %s, the authority %s, the filter %s", row, port, filter)
	}
	return row
}

func said(passes []vif.Pass) (text string) {
	for _, p := range passes {
		text += fmt.Sprintf("%s %d %v %v;", p.Direction, p.Protocol, cmp.Or(p.Ports, &vif.Range{}), p.Remote)
	}
	return text
}

// changes of what p1's groups let pass.
var regrouped = map[string]func(h *host){
	"a rule more": func(h *host) {
		h.rules["web"] = append(h.rules["web"], vif.Pass{Direction: vif.Egress, Version: 4, Protocol: 47})
	},
	"a rule less": func(h *host) { h.rules["web"] = nil },
	"a friend": func(h *host) {
		h.ports[p2] = vif.Port{ID: p2, Groups: []string{"friends"}, FixedIPs: []vif.FixedIP{{Address: had}}}
	},
	"no groups":      func(h *host) { h.regroup() },
	"another group":  func(h *host) { h.rules["db"] = []vif.Pass{ssh, ssh}; h.regroup("db") },
	"what has none":  func(h *host) { h.regroup("nothing") },
	"its own friend": func(h *host) { h.regroup("friends", "web") },
}

// regroup gives p1 these groups and no others.
func (h *host) regroup(groups ...string) {
	p := h.ports[p1]
	p.Groups = groups
	h.ports[p1] = p
}

// What the groups of a port let pass is in its filter when Guard returns, and no
// filter is touched for what is in place.
func TestGuard(t *testing.T) {
	for name, change := range regrouped {
		t.Run(name, func(t *testing.T) {
			h, e := guardedHost(t)
			before, began := agreed(t, h, e), len(h.trace)
			change(h)
			for range 2 {
				if err := e.Guard(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if now := agreed(t, h, e); (now == before) != (name == "its own friend") {
				t.Errorf("had %s, has %s", before, now)
			}
			if row := rows(t, e)[0]; !slices.Equal(row.NIC.Port.Groups, h.ports[p1].Groups) {
				t.Errorf("the row has the groups %v", row.NIC.Port.Groups)
			}
			if did := h.trace[began:]; !slices.Equal(did, []string{"filter"}) {
				t.Errorf("did %v", did)
			}
		})
	}
}

// Where a change came no further than the authority, the next look goes on; where the
// switch fails, the port says so until then.
func TestGuardHeals(t *testing.T) {
	for name, change := range regrouped {
		for _, act := range []string{"filter", "dies", "unasked"} {
			t.Run(name+" "+act, func(t *testing.T) {
				h, e := guardedHost(t)
				change(h)
				switch act {
				case "filter":
					h.fail = "filter"
					if err := e.Guard(t.Context()); vif.KindOf(err) != vif.Unavailable {
						t.Errorf("err = %v", err)
					}
					if all, err := e.Attached(t.Context(), vm1); err != nil || all[0].State != vif.Error {
						t.Errorf("is %v, %v", all[0].State, err)
					}
				case "dies":
					h.crash = "filter"
					if err := e.Guard(t.Context()); err == nil || !h.dead {
						t.Fatalf("%v, died: %t", err, h.dead)
					}
				}
				h.bury()
				next := newEngine(t, h, e.Store)
				if err := next.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				agreed(t, h, next)
			})
		}
	}
}

// A friend is let in soon after it was attached, and before its address is free again
// nobody lets it in any more; not a friend's attach, nor a stranger's, does more.
func TestFriends(t *testing.T) {
	h, e := guardedHost(t)
	alone := agreed(t, h, e)
	var looks []Look
	e.Again = func(l Look) { looks = append(looks, l) }
	friend := request
	friend.Port, friend.Operation = p2, "req-2"
	h.want, h.address = []string{"friends"}, []vif.FixedIP{{Address: had}}
	if _, err := e.Attach(t.Context(), friend); err != nil {
		t.Fatal(err)
	}
	e.after.Wait()
	if !slices.ContainsFunc(looks, func(l Look) bool { return l.Groups && !l.All }) {
		t.Errorf("asked to look at %+v", looks)
	}
	if err := e.Recover(t.Context(), Look{Groups: true}); err != nil {
		t.Fatal(err)
	}
	if now := agreed(t, h, e); now == alone {
		t.Errorf("still %s", now)
	}
	began := len(h.trace)
	if err := e.Detach(t.Context(), detach(vm1, p2, "req-3")); err != nil {
		t.Fatal(err)
	}
	did := h.trace[began:]
	leave, filter, release := slices.Index(did, "leave"), slices.Index(did, "filter"), slices.Index(did, "release")
	if now := agreed(t, h, e); now != alone || leave < 0 || filter < leave || release < filter {
		t.Errorf("did %v, and lets pass %s", did, now)
	}
}

// A change waits for a server that is busy, but no longer than it may.
func TestGuardWaits(t *testing.T) {
	h, e := guardedHost(t)
	synctest.Test(t, func(t *testing.T) {
		h.rules["web"] = nil
		unlock, err := e.servers.lock(context.Background(), vm1)
		if err != nil {
			t.Fatal(err)
		}
		gone, leave := context.WithCancel(context.Background())
		leave() // the caller does not wait
		if err := e.Guard(gone); vif.KindOf(err) != vif.Unavailable {
			t.Errorf("err = %v", err)
		}
		done := make(chan error)
		go func() { done <- e.Guard(gone) }()
		synctest.Wait()
		unlock()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	agreed(t, h, e)
}
