package ovs

import (
	"context"
	"fmt"

	"vifd/vif"
	"vifd/vif/fail"
)

// The OpenFlow ports that NICs are pinned to. A port of these that has no rules
// carries nothing.
const (
	FirstOFPort = 16384
	LastOFPort  = 32767
)

// checkNumber refuses an n that is pinned outside of the range.
func checkNumber(n vif.NIC) error {
	if n.OFPort < FirstOFPort || n.OFPort > LastOFPort {
		return vif.Invalid.Because("OpenFlow port %d of port %s is not between %d and %d", n.OFPort, n.Port.ID, FirstOFPort, LastOFPort)
	}
	return nil
}

// Filter returns when the rules for n.OFPort are in place, in exchange for those
// that n's port had: all of them or, on an error, those of before. A second
// Filter of the same n changes nothing. A port that has come to be guarded, or is
// not any more, is also plugged anew, if it is plugged.
func (s *Switch) Filter(ctx context.Context, n vif.NIC) error {
	if err := checkNumber(n); err != nil {
		return err
	}
	flows, err := flowsFor(n)
	if err != nil {
		return err
	}
	b, err := s.ready(ctx, n.Port.Segment.Bridge)
	if err != nil {
		return fmt.Errorf("filter of port %s: %w", n.Port.ID, err)
	}
	if err := s.sole(n); err != nil {
		return err
	}
	err = b.replace(ctx, vif.Cookie(n.Port.ID), flows)
	if err == nil {
		err = s.turn(ctx, b, n)
	}
	return fail.At(fail.A7, err)
}

// turn makes the rest fit to rules of n that are in place: nobody inherits another
// attachment's connections, and n's rows are those of a guarded port or of one
// that is not. Of a port that is not guarded, and was not, it asks nothing.
func (s *Switch) turn(ctx context.Context, b *bridge, n vif.NIC) error {
	row := s.row(n)
	if row == nil && !guarded(n.Port) || row != nil && walled(row) == guarded(n.Port) {
		return nil
	}
	if err := b.flush(ctx, zone(n)); err != nil || row == nil {
		return err
	}
	return s.configure(ctx, func() error {
		return s.change(ctx, n, func(t *transaction, n vif.NIC) error {
			t.configure()
			return s.plug(t, n)
		})
	})
}

// Unfilter returns when no rules of n's port are left; there need be none. On a
// bridge that does not exist there are none.
func (s *Switch) Unfilter(ctx context.Context, n vif.NIC) error {
	b, err := s.ready(ctx, n.Port.Segment.Bridge)
	if vif.KindOf(err) == vif.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("filter of port %s: %w", n.Port.ID, err)
	}
	err = b.replace(ctx, vif.Cookie(n.Port.ID), nil)
	if err == nil && guarded(n.Port) {
		err = b.flush(ctx, zone(n))
	}
	return fail.At(fail.D6, err)
}
