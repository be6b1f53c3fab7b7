package ovs

import (
	"context"
	"strconv"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
)

// retire retires n's row where the tap was made anew since the row was written.
func (s *Switch) retire(ctx context.Context, n vif.NIC) error {
	if !s.outdated(n) {
		return nil
	}
	return s.Retire(ctx, n)
}

// Retire removes n's row, and returns when ovs-vswitchd has let go of its device.
// In user space it would otherwise go on polling that one for ever: a new row of
// the same name, seen together with the old one's end, does not make it look. A row
// that somebody else has removed it may not have seen go either, and is asked so, too.
func (s *Switch) Retire(ctx context.Context, n vif.NIC) error {
	return s.configure(ctx, func() error {
		return s.change(ctx, n, func(t *transaction, n vif.NIC) error {
			if p := t.view.port(n.Tap); p != nil && !foreign(p) {
				t.remove(p)
			}
			t.configure()
			return nil
		})
	})
}

// outdated tells whether the switch has n's row open with a device that is not
// n's tap of today.
func (s *Switch) outdated(n vif.NIC) bool {
	v := s.db.view()
	b, p, i := v.bridge(n.Port.Segment.Bridge), v.port(n.Tap), v.iface(n.Tap)
	if b == nil || p == nil || i == nil || foreign(p) || !userspace(b) || or(i.OFPort) <= 0 {
		return false
	}
	was, now := i.ExternalIDs[keyDevice], s.index(n.Tap)
	return was != "" && now != 0 && was != strconv.Itoa(now)
}

// configure asks ovs-vswitchd to say when it has taken the configuration.
func (t *transaction) configure() {
	if root := t.view.root(); root != nil {
		t.mutate(tableRoot, root.UUID, ovsdb.Mutation{Column: "next_cfg", Mutator: ovsdb.MutateOperationAdd, Value: 1})
	}
}

// configure commits what asks ovs-vswitchd so, and returns when it has said it.
func (s *Switch) configure(ctx context.Context, commit func() error) error {
	rung, stop := s.bell.listen(rootBell)
	defer stop()
	if err := commit(); err != nil {
		return err
	}
	for want, _ := s.configuration(); ; {
		if _, has := s.configuration(); has >= want {
			return nil
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return vif.Unavailable.From(ctx.Err(), "ovs-vswitchd does not take its configuration: is it running?")
		}
	}
}

// configuration returns the numbers of the configuration that is asked for, and
// of the one that ovs-vswitchd has.
func (s *Switch) configuration() (want, has int) {
	if root := s.db.view().root(); root != nil {
		return root.NextCfg, root.CurCfg
	}
	return 0, 0
}
