package ovs

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
)

// BenchmarkSwitch measures a filter and a plug until it is wired, with few ports
// and with many, beside what they are built on: the same flows by ovs-ofctl, and
// a bare transaction until the row has its ofport.
func BenchmarkSwitch(b *testing.B) {
	for _, ports := range []int{5, 1000} {
		b.Run(fmt.Sprint(ports), func(b *testing.B) { benchmarkSwitch(b, ports) })
	}
}

func benchmarkSwitch(b *testing.B, ports int) {
	h := newHost(b)
	s := New(Config{Database: h.path("db.sock"), Sockets: h.dir, Index: index})
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	b.Cleanup(running.Wait)
	b.Cleanup(cancel)
	h.await("connection", func() bool { _, err := s.Ports(ctx); return err == nil })
	bridge := h.bridgeOf(s)
	crowd(h, s, bridge, ports)

	n := newNIC(bridge, h.addTap(), ports+1)
	shut, packed := guardedNIC(bridge, h.addTap(), ports+2, guardedPasses()...), crowdedNIC(bridge, "tap", ports+3, 300, 20)
	br, err := s.ready(ctx, bridge)
	must(b, err)
	_, lines := s.Describe(n)
	unplug := func() {
		must(b, s.Unplug(ctx, n))
		h.vsctl("set", "open_vswitch", ".", "external_ids:settled=x") // which waits for ovs-vswitchd
	}
	inTurn(b, []act{
		{"filter", func() { must(b, s.Filter(ctx, n)) }, nil},
		{"guard", func() { must(b, s.Filter(ctx, shut)) }, nil},
		{"crowd", func() { must(b, s.Filter(ctx, packed)) }, nil},
		{"ofctl", func() { must(b, forkBundle(ctx, br.target(), lines)) }, nil},
		{"wired", func() { must(b, errors.Join(s.Plug(ctx, n), s.Wired(ctx, n))) }, unplug},
		{"guard-wired", func() { must(b, errors.Join(s.Plug(ctx, shut), s.Wired(ctx, shut))) }, func() {
			must(b, s.Unplug(ctx, shut))
			h.vsctl("set", "open_vswitch", ".", "external_ids:settled=x")
		}},
		{"bare", func() { bare(b, s, n) }, unplug},
		{"rules", func() { _, err := s.Rules(ctx, bridge, nil); must(b, err) }, nil},
		{"ports", func() { _, err := s.Ports(ctx); must(b, err) }, nil},
	})
}

// An act is measured; what comes after it is not.
type act struct {
	name      string
	do, after func()
}

// inTurn does the acts one after the other, over and over again, and reports the
// median of each in milliseconds.
func inTurn(b *testing.B, acts []act) {
	spent := map[string][]time.Duration{}
	for b.Loop() {
		for _, a := range acts {
			began := time.Now()
			a.do()
			spent[a.name] = append(spent[a.name], time.Since(began))
			if a.after != nil {
				a.after()
			}
		}
	}
	for name, times := range spent {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-"+name)
	}
}

// crowd puts ports on the bridge, with their filters, and tells how long that took.
func crowd(h *host, s *Switch, bridge string, ports int) {
	h.Helper()
	nics := make([]vif.NIC, ports)
	var batch strings.Builder
	for i := range nics {
		nics[i] = newNIC(bridge, device("tap"), i)
		fmt.Fprintf(&batch, "tuntap add %s mode tap\nlink set %s up\n", nics[i].Tap, nics[i].Tap)
	}
	c := exec.Command("ip", "-batch", "-")
	c.Stdin = strings.NewReader(batch.String())
	if out, err := c.CombinedOutput(); err != nil {
		h.Fatalf("%v: %s", err, out)
	}
	ctx := h.Context()
	for what, do := range map[string]func(vif.NIC) error{
		"filter":         func(n vif.NIC) error { return s.Filter(ctx, n) },
		"plug and wired": func(n vif.NIC) error { return errors.Join(s.Plug(ctx, n), s.Wired(ctx, n)) },
	} {
		began := time.Now()
		var all sync.WaitGroup
		for _, n := range nics {
			all.Go(func() {
				if err := do(n); err != nil {
					h.Error(err)
				}
			})
		}
		all.Wait()
		h.Logf("%s of %d at once: %v", what, ports, time.Since(began))
	}
}

// bare is the floor: one transaction, and then the row's ofport.
func bare(t testing.TB, s *Switch, n vif.NIC) {
	c, err := s.db.connected()
	must(t, err)
	tx := &transaction{view: s.db.view()}
	tx.plug(tx.view.bridge(n.Port.Segment.Bridge), n, 0)
	results, err := c.Transact(t.Context(), tx.ops...)
	must(t, err)
	_, err = ovsdb.CheckOperationResults(results, tx.ops)
	must(t, err)
	within := 10000
	results, err = c.Transact(t.Context(), ovsdb.Operation{
		Op: ovsdb.OperationWait, Table: tableInterface, Timeout: &within, Columns: []string{"ofport"},
		Where: []ovsdb.Condition{ovsdb.NewCondition("name", ovsdb.ConditionEqual, n.Tap)},
		Until: string(ovsdb.WaitConditionEqual), Rows: []ovsdb.Row{{"ofport": set(n.OFPort)}},
	})
	must(t, err)
	if len(results) == 0 || results[0].Error != "" {
		t.Fatalf("wait: %+v", results)
	}
}
