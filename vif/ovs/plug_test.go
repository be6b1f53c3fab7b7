package ovs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vifd/vif"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The rows say all that others, and we after a restart, need of them; a second
// Plug changes nothing, and a wrong column is put right in place.
func TestPlugRows(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	n := newNIC(h.bridgeOf(s), h.addTap(), 1)
	must(t, s.Plug(h.context(), n))

	check := func(when string) { t.Helper(); checkRows(h, n, when) }
	check("after Plug")
	rows := h.get("port", n.Tap, "_uuid") + h.get("interface", n.Tap, "_uuid")

	if text, _ := s.Describe(n); !strings.HasPrefix(text, "nothing") {
		t.Errorf("Plug of what is there would do %s", text)
	}
	h.vsctl("--no-wait", "clear", "port", n.Tap, "tag", "--", "set", "interface", n.Tap, "mtu_request=9000", "external_ids:iface-id=x")
	h.await("the change", func() bool { p, _ := s.Port(n); return p.VLAN == 0 })
	must(t, s.Plug(h.context(), n))
	check("after a second Plug")
	if got := h.get("port", n.Tap, "_uuid") + h.get("interface", n.Tap, "_uuid"); got != rows {
		t.Error("the rows were made anew")
	}
	flat := n
	flat.Port.Segment.VLAN = 0
	must(t, s.Plug(h.context(), flat))
	if got := h.get("port", n.Tap, "tag") + h.get("port", n.Tap, "vlan_mode"); got != "[]access" {
		t.Errorf("tag and mode of a flat port: %s", got)
	}
}

// checkRows wants n's rows to say all that they should.
func checkRows(h *host, n vif.NIC, when string) {
	h.Helper()
	i, _ := index(n.Tap)
	for at, value := range map[[2]string]string{
		{"interface", "ofport_request"}: fmt.Sprint(n.OFPort),
		{"interface", "mtu_request"}:    "1450",
		{"interface", "external_ids"}: fmt.Sprintf(`{attached-mac="%s", iface-id="%s", iface-status=active, `+
			`vifd-addresses="10.20.0.1,fd00:20::2", vifd-gen="7", vifd-ifindex="%d", vifd-network="", vifd-port="%s", vifd-secure="true", vm-id="%s"}`,
			n.Port.MAC, n.Port.ID, i, n.Port.ID, n.Server),
		{"port", "tag"}:          "100",
		{"port", "vlan_mode"}:    "access",
		{"port", "qos"}:          "[]",
		{"port", "external_ids"}: fmt.Sprintf(`{owner=vifd, vifd-gen="7", vifd-port="%s"}`, n.Port.ID),
		{"port", "other_config"}: "{}",
	} {
		if got := h.get(at[0], n.Tap, at[1]); got != value {
			h.Errorf("%s, %s %s = %s, want %s", when, at[0], at[1], got, value)
		}
	}
}

// A port that lost one half of its markers is told by the other, and who follows
// changes hears of it; without either it is a stranger's.
func TestPlugMarksAgain(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	n := newNIC(h.bridgeOf(s), h.addTap(), 1)
	must(t, s.Plug(h.context(), n))
	rows := h.get("port", n.Tap, "_uuid") + h.get("interface", n.Tap, "_uuid")
	for _, table := range []string{"interface", "port"} {
		calm(s)
		h.vsctl("--no-wait", "clear", table, n.Tap, "external_ids")
		select {
		case <-s.Changed():
		case <-h.context().Done():
			t.Fatalf("nobody was told that the markers of its %s were lost", table)
		}
		must(t, s.Plug(h.context(), n))
		checkRows(h, n, "after the markers of its "+table+" were lost")
	}
	h.vsctl("--no-wait", "clear", "interface", n.Tap, "external_ids", "--", "clear", "port", n.Tap, "external_ids")
	h.await("the change", func() bool { return !s.Free(n.Tap) })
	if err := s.Plug(h.context(), n); vif.KindOf(err) != vif.InUse {
		t.Errorf("a port without any markers: %v", err)
	}
	h.vsctl("--no-wait", "set", "interface", n.Tap, "external_ids:vifd-port="+n.Port.ID, "external_ids:vifd-gen=7")
	h.await("the change", func() bool { return s.Plug(h.context(), n) == nil })
	checkRows(h, n, "after some markers were put back")
	if got := h.get("port", n.Tap, "_uuid") + h.get("interface", n.Tap, "_uuid"); got != rows {
		t.Error("the rows were made anew")
	}
}

// calm returns when nothing has changed for a moment.
func calm(s *Switch) {
	for {
		select {
		case <-s.Changed():
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}

// A port has one row, whatever was there before; what is not ours is left alone.
func TestPlugReplaces(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	bridge, other := h.bridgeOf(s), h.bridgeOf(s)
	old := newNIC(other, h.addTap(), 1)
	old.Gen = 6
	must(t, s.Plug(h.context(), old))
	squatter := newNIC(bridge, h.addTap(), 2)
	must(t, s.Plug(h.context(), squatter))
	h.vsctl("--no-wait", "add-port", bridge, device("tap"))

	n := newNIC(bridge, squatter.Tap, 1)
	must(t, s.Plug(h.context(), n))
	ports, err := s.Ports(h.context())
	must(t, err)
	if len(ports) != 1 || ports[0].Name != n.Tap || ports[0].Bridge != bridge || ports[0].Gen != 7 || ports[0].Port != n.Port.ID {
		t.Errorf("ports %+v", ports)
	}
	if got := strings.Fields(h.vsctl("list-ports", bridge)); len(got) != 2 {
		t.Errorf("ports of the bridge: %v", got)
	}
	if _, ok := s.Port(old); ok {
		t.Error("the old generation is still there")
	}
}

func TestPlugRefuses(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	bridge, taken, bonded := h.bridgeOf(s), device("tap"), device("tap")
	h.vsctl("--no-wait", "add-port", bridge, taken, "--", "add-bond", bridge, device("bond"), bonded, device("tap"))
	for name, tt := range map[string]struct {
		n    vif.NIC
		want vif.Kind
	}{
		"a stranger's port":      {newNIC(bridge, taken, 1), vif.InUse},
		"a stranger's interface": {newNIC(bridge, bonded, 1), vif.InUse},
		"no such bridge":         {newNIC("br-x", "tapx", 1), vif.NotFound},
		"a number below ours":    {newNIC(bridge, "tapx", -1), vif.Invalid},
		"a number above ours":    {newNIC(bridge, "tapx", 16384), vif.Invalid},
	} {
		err := s.Plug(h.context(), tt.n)
		if vif.KindOf(err) != tt.want || vif.Shown(err) == "" {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if ports, _ := s.Ports(h.context()); len(ports) != 0 {
		t.Errorf("ports %+v", ports)
	}
	// What only the database finds out is told with its table and reason.
	wrong := newNIC(bridge, "tapx", 1)
	wrong.Port.Segment.VLAN = 5000
	if err := s.Plug(h.context(), wrong); err == nil || !strings.Contains(err.Error(), "insert in table Port: constraint violation") {
		t.Errorf("VLAN 5000: %v", err)
	}
}

// Unplug takes its generation and older ones, and no other port.
func TestUnplug(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	n, neighbour := newNIC(bridge, h.addTap(), 1), newNIC(bridge, h.addTap(), 2)
	must(t, s.Plug(h.context(), n))
	must(t, s.Plug(h.context(), neighbour))
	older := n
	older.Gen--
	must(t, s.Unplug(h.context(), older))
	if _, ok := s.Port(n); !ok {
		t.Error("an older generation took the port away")
	}
	for range 2 {
		must(t, s.Unplug(h.context(), n))
	}
	if got := h.vsctl("list-ports", bridge); got != neighbour.Tap {
		t.Errorf("ports of the bridge: %s", got)
	}
	if got := h.vsctl("--columns=name", "find", "interface", "name="+n.Tap); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

// On the kernel's datapath all ports share a QoS row, which goes with the last.
func TestSharedQoS(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	bridge := device("br")
	h.vsctl("--no-wait", "add-br", bridge)
	h.vsctl("--no-wait", "--", "--id=@q", "create", "qos", "type=linux-noop", "--", "set", "port", bridge, "qos=@q")
	nics := make([]vif.NIC, 5)
	var all sync.WaitGroup
	for i := range nics {
		nics[i] = newNIC(bridge, h.addTap(), i)
		all.Go(func() {
			if err := s.Plug(h.context(), nics[i]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	find := func() []string {
		return strings.Fields(h.vsctl("--columns=_uuid", "--bare", "find", "qos", "external_ids:owner=vifd"))
	}
	rows := find()
	if len(rows) != 1 || h.get("port", nics[4].Tap, "qos") != rows[0] {
		t.Errorf("QoS rows of ours: %v", rows)
	}
	for _, n := range nics {
		must(t, s.Unplug(h.context(), n))
	}
	if rows := find(); len(rows) != 0 {
		t.Errorf("QoS rows left: %v", rows)
	}
	if got := h.get("port", bridge, "qos"); got == "[]" {
		t.Error("the stranger's QoS is gone")
	}
}

// Many at once share transactions; one that cannot be done fails alone.
func TestPlugMany(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	bridge := h.bridgeOf(s)
	const many = 200
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		n := newNIC(bridge, fmt.Sprintf("tapm%d", i), i)
		if i == 50 {
			n.Port.Segment.VLAN = 5000
		}
		all.Go(func() { errs[i] = s.Plug(h.context(), n) })
	}
	all.Wait()
	for i, err := range errs {
		if (err != nil) != (i == 50) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if ports, err := s.Ports(h.context()); len(ports) != many-1 || err != nil {
		t.Errorf("%d ports, %v", len(ports), err)
	}
}

// What is asked for one port in a row is done in that row.
func TestCommitKeepsOrder(t *testing.T) {
	h := newDatabase(t)
	s := h.open()
	n := newNIC(h.bridgeOf(s), h.addTap(), 1)
	in, out := change{n, s.plug}, change{n, unplug}
	for _, tt := range []struct {
		changes []change
		there   bool
	}{
		{[]change{in, out}, false},
		{[]change{in, out, in}, true},
		{[]change{out, in, in}, true},
		{[]change{out, out}, false},
	} {
		for _, err := range s.commit(h.context(), tt.changes) {
			must(t, err)
		}
		if _, there := s.Port(n); there != tt.there {
			t.Errorf("after %d changes, the port is there: %v", len(tt.changes), there)
		}
	}
}

// A change that the database has not begun with is taken back when its caller
// gives up.
func TestGroupWithdraws(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	var done []int
	g := group[int]{most: 9, do: func(_ context.Context, items []int) []error {
		if items[0] == 1 {
			close(began)
			<-end
		}
		done = append(done, items...)
		return make([]error, len(items))
	}}
	first := make(chan error)
	go func() { first <- g.submit(t.Context(), 1) }()
	<-began
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.submit(ended, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("submit: %v", err)
	}
	close(end)
	must(t, <-first)
	must(t, g.submit(t.Context(), 3))
	if fmt.Sprint(done) != "[1 3]" {
		t.Errorf("done: %v", done)
	}
}
