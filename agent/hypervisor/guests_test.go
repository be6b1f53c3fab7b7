package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/libvirtxml"
	"vifd/test/testhost"
	"vifd/vif"
)

const nobody = "00000000-0000-4000-8000-000000000000"

// What a guest that does not run, or not for good, is given.
func TestOtherGuests(t *testing.T) {
	h, _ := run(t)
	guest(t, testhost.Guest{Name: "off", Off: true})
	guest(t, testhost.Guest{Name: "saved", Firmware: true})
	for i, tt := range []struct {
		guest         string
		before, after string // commands of virsh
		state         vif.ServerState
		live, defined bool
	}{
		{"g1", "suspend", "resume", vif.ServerPaused, true, true},
		{"off", "", "", vif.ServerStopped, false, true},
		{"saved", "managedsave", "managedsave-remove", vif.ServerSuspended, false, true},
		{"passing", "", "", vif.ServerActive, true, false},
	} {
		t.Run(string(tt.state), func(t *testing.T) {
			ctx, g := within20s(t), box.Guest(tt.guest)
			n := nic(t, g.UUID, 20+i)
			if tt.before != "" {
				virsh(t, tt.before, tt.guest)
			}
			s, err := h.Server(ctx, g.UUID)
			if err != nil || s.State != tt.state || s.Live != tt.live || s.Persistent != tt.defined || s.Slots != tt.live {
				t.Fatalf("%+v and %v, want %s", s, err, tt.state)
			}
			attach(t, h, n)
			for _, live := range []bool{true, false} { // of one that is off, or transient, libvirt gives the same for both
				if got, ok := seen(t, g, n, live); !ok || !got.Link {
					t.Errorf("live %v: %+v, %v", live, got, ok)
				}
				if got, ok := tag(t, g, n, live); !ok || got != n.Tag {
					t.Errorf("live %v: tag %q, %v", live, got, ok)
				}
			}
			if err := h.Link(ctx, n, false); err != nil {
				t.Fatal(err)
			}
			if got, _ := seen(t, g, n, tt.live); got.Link {
				t.Error("its link is still up")
			}
			if tt.after != "" {
				virsh(t, tt.after, tt.guest)
			}
			detach(t, h, g, n)
		})
	}
}

// attach gives n to its server, each step twice.
func attach(t *testing.T, h *Host, n vif.NIC) (pci string) {
	t.Helper()
	ctx := within20s(t)
	for range 2 {
		if err := h.Show(ctx, n, true); err != nil {
			t.Fatal(err)
		}
		p, err := h.Persist(ctx, n)
		if err != nil || !strings.HasPrefix(p, "0000:") || pci != "" && p != pci {
			t.Fatalf("persist: %q and %v, before %q", p, err, pci)
		}
		pci = p
	}
	return pci
}

// detach takes n away again, twice, and looks that nothing of it is left.
func detach(t *testing.T, h *Host, g *testhost.Running, n vif.NIC) {
	t.Helper()
	ctx := within20s(t)
	for range 2 {
		if err := errors.Join(h.Hide(ctx, n), h.Forget(ctx, n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, live := range []bool{true, false} {
		text, err := g.XML(ctx, live)
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []string{n.DeviceAlias(), libvirtxml.Namespace} {
			if strings.Contains(text, left) {
				t.Errorf("live %v: %s is left in\n%s", live, left, text)
			}
		}
	}
}

// A server that nobody knows, and IDs that are none.
func TestUnknownServer(t *testing.T) {
	h, _ := run(t)
	ctx := within20s(t)
	for _, id := range []string{nobody, "g1", "", strings.ToUpper(box.Guest("g1").UUID)} {
		n := vif.NIC{Server: id, Port: vif.Port{ID: "p", MAC: "fa:16:3e:00:00:01"}, Tap: "tap1"}
		_, err := h.Server(ctx, id)
		_, e := h.Persist(ctx, n)
		for what, err := range map[string]error{"server": err, "persist": e, "show": h.Show(ctx, n, true), "link": h.Link(ctx, n, true)} {
			if want := "Instance " + id + " could not be found."; !errors.Is(err, vif.NotFound) || vif.Shown(err) != want {
				t.Errorf("%s of %q: %v, want %s", what, id, err, want)
			}
		}
		if err := errors.Join(h.Hide(ctx, n), h.Forget(ctx, n)); err != nil {
			t.Errorf("hide from %q: %v", id, err)
		}
	}
}

func TestServers(t *testing.T) {
	h, _ := run(t)
	guest(t, testhost.Guest{Name: "idle", Off: true})
	all, err := h.Servers(within20s(t))
	states := map[string]vif.ServerState{}
	for _, s := range all {
		states[s.Domain] = s.State
	}
	if err != nil || states["g1"] != vif.ServerActive || states["idle"] != vif.ServerStopped {
		t.Errorf("%v and %v", states, err)
	}
}

// What libvirt refuses leaves nothing, and says what to do.
func TestRefusals(t *testing.T) {
	h, _ := run(t)
	ctx := within20s(t)
	full := guest(t, testhost.Guest{Name: "full", Slots: 1, Firmware: true})
	first, second := nic(t, full.UUID, 3), nic(t, full.UUID, 4)
	if err := h.Show(ctx, first, true); err != nil {
		t.Fatal(err)
	}
	lost := nic(t, box.Guest("g1").UUID, 5)
	ip(t, "link", "del", lost.Tap)
	queues := nic(t, box.Guest("g1").UUID, 6)
	queues.Queues = 2
	other := first
	other.Port.MAC = "fa:16:3e:99:99:99"
	for _, tt := range []struct {
		name string
		nic  vif.NIC
		kind vif.Kind
		say  string
	}{
		{"no slot", second, vif.NoSlot, "has 1 PCI slots"},
		{"no tap", lost, vif.Internal, "tap of the NIC is not on this host"},
		{"another number of queues", queues, vif.Internal, "number of queues"},
		{"an earlier NIC of the port", other, vif.InUse, "earlier NIC"},
		{"no MAC", vif.NIC{Server: full.UUID, Tap: "tap3", Port: vif.Port{ID: "p"}}, vif.Invalid, "MAC"},
	} {
		err := h.Show(ctx, tt.nic, true)
		if !errors.Is(err, tt.kind) || !strings.Contains(vif.Shown(err), tt.say) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.kind, tt.say)
		}
		s, e := h.Server(ctx, tt.nic.Server)
		if found, ok := s.NIC(tt.nic.DeviceAlias()); e != nil || ok && found.MAC == tt.nic.Port.MAC {
			t.Errorf("%s: left %+v, %v", tt.name, found, e)
		}
	}
	if err := h.Link(ctx, second, true); !errors.Is(err, vif.WrongState) {
		t.Errorf("the link of a NIC that is not there: %v", err)
	}
	if _, err := h.Persist(ctx, second); !errors.Is(err, vif.WrongState) {
		t.Errorf("the address of a NIC that is not there: %v", err)
	}
}

// A guest that is saved while it is asked for a NIC goes on with it: its tap must
// stay, though the definition never had the NIC.
func TestSavedMeanwhile(t *testing.T) {
	h, _ := run(t)
	g := guest(t, testhost.Guest{Name: "asleep", Firmware: true})
	n := nic(t, g.UUID, 8)
	ctx := within20s(t)
	if err := h.Show(ctx, n, true); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- h.Hide(short, n) }()
	waits(t, h)
	virsh(t, "managedsave", g.Name)
	if err := <-ended; !errors.Is(err, vif.Pending) {
		t.Errorf("while it is saved: %v, want %v", err, vif.Pending)
	}
	later, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := h.Hide(later, n); !errors.Is(err, vif.Pending) {
		t.Errorf("once it is saved: %v, want %v", err, vif.Pending)
	}
	virsh(t, "start", g.Name)
	if _, ok := seen(t, g, n, true); !ok {
		t.Error("it came back without the NIC")
	}
	virsh(t, "destroy", g.Name)
	if err := h.Hide(ctx, n); err != nil {
		t.Errorf("when it has ended: %v", err)
	}
}

// A guest that does not let go keeps its NIC until it ends, and has none when it
// starts the next time.
func TestStubbornGuest(t *testing.T) {
	h, _ := run(t)
	g := guest(t, testhost.Guest{Name: "stubborn", Firmware: true})
	n := nic(t, g.UUID, 7)
	ctx := within20s(t)
	if err := h.Show(ctx, n, true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Persist(ctx, n); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := h.Hide(short, n); !errors.Is(err, vif.Pending) {
			t.Fatalf("got %v, want %v", err, vif.Pending)
		}
	}
	for _, live := range []bool{true, false} {
		if _, has := seen(t, g, n, live); has != live {
			t.Errorf("live %v: the NIC is there: %v", live, has)
		}
	}
	ended := make(chan error)
	go func() { ended <- h.Hide(ctx, n) }()
	waits(t, h)
	virsh(t, "destroy", g.Name)
	if err := <-ended; err != nil {
		t.Errorf("the guest ended: %v", err)
	}
}

// Where the definition has given the NIC's address away, it gets another.
func TestPersistElsewhere(t *testing.T) {
	h, _ := run(t)
	ctx, g := within20s(t), box.Guest("g1")
	one, two := nic(t, g.UUID, 8), nic(t, g.UUID, 9)
	two.PCI = attach(t, h, one)
	if err := h.define(ctx, two); err != nil {
		t.Fatal(err)
	}
	if got, ok := seen(t, g, two, false); !ok || got.PCI == two.PCI || got.PCI == "" {
		t.Errorf("%+v, %v: want it elsewhere than at %s", got, ok, two.PCI)
	}
	for pci, barred := range map[string]bool{two.PCI: true, "0000:99:00.0": true, vacant(t, g): false} {
		s := vif.Server{ID: g.UUID, Live: true, Persistent: true, NICs: []vif.ServerNIC{{Alias: two.DeviceAlias(), PCI: pci}}}
		d, err := h.Definitions(ctx, []vif.Server{s})
		if got, ok := (vif.Server{NICs: d[g.UUID]}).NIC(two.DeviceAlias()); err != nil || !ok || got.Barred != barred {
			t.Errorf("the guest has it at %s: %+v, %v", pci, got, err)
		}
	}
	if err := h.undefine(ctx, two); err != nil {
		t.Fatal(err)
	}
	old := one
	old.PCI, old.Port.MAC = two.PCI, "fa:16:3e:99:99:99" // as an earlier attachment left it
	if err := h.define(ctx, old); err != nil {
		t.Fatal(err)
	}
	attach(t, h, one)
	if got, _ := seen(t, g, one, false); got.MAC != one.Port.MAC || got.PCI != two.PCI {
		t.Errorf("%+v, want it as the guest has it at %s", got, two.PCI)
	}
	detach(t, h, g, one)
}

// vacant returns a PCI address that nothing has in g's definition.
func vacant(t *testing.T, g *testhost.Running) string {
	t.Helper()
	text, err := g.XML(within20s(t), false)
	for bus := 1; err == nil && bus < 32; bus++ {
		pci := fmt.Sprintf("0000:%02x:00.0", bus)
		if free, bad := libvirtxml.Vacant(text, "", pci); bad == nil && free {
			return pci
		}
	}
	t.Fatalf("no free PCI address, or %v, in\n%s", err, text)
	return ""
}
