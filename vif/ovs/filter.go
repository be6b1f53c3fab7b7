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
// Filter of the same n changes nothing.
func (s *Switch) Filter(ctx context.Context, n vif.NIC) error {
	if err := checkNumber(n); err != nil {
		return err
	}
	rules, err := rulesFor(n)
	if err != nil {
		return err
	}
	b, err := s.ready(ctx, n.Port.Segment.Bridge)
	if err != nil {
		return fmt.Errorf("filter of port %s: %w", n.Port.ID, err)
	}
	return fail.At(fail.A7, b.replace(ctx, vif.Cookie(n.Port.ID), flows(n, rules)))
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
	return fail.At(fail.D6, b.replace(ctx, vif.Cookie(n.Port.ID), nil))
}
