package ovs

import (
	"context"
	"errors"

	"vifd/vif"
)

// A change is what is to become of a NIC's rows.
type change struct {
	nic  vif.NIC
	plan func(*transaction, vif.NIC) error
}

// attempts is how often a change is planned anew when the database has changed
// under it.
const attempts = 3

// change returns when the plan is committed, together with others that came while
// the database was busy.
func (s *Switch) change(ctx context.Context, n vif.NIC, plan func(*transaction, vif.NIC) error) error {
	err := s.changes.submit(ctx, change{n, plan})
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return vif.Unavailable.From(err, "Open vSwitch's database was busy for too long")
	}
	return err
}

// commit does the changes in their order. Those of different ports share a
// transaction; when it is refused, each is tried alone.
func (s *Switch) commit(ctx context.Context, changes []change) []error {
	errs := make([]error, 0, len(changes))
	for len(changes) > 0 {
		n := distinct(changes)
		errs = append(errs, s.together(ctx, changes[:n])...)
		changes = changes[n:]
	}
	return errs
}

// distinct returns how many of the first changes do not touch the same rows.
func distinct(changes []change) int {
	seen := map[string]bool{}
	for i, c := range changes {
		if seen[c.nic.Port.ID] || seen[c.nic.Tap] {
			return i
		}
		seen[c.nic.Port.ID], seen[c.nic.Tap] = true, true
	}
	return len(changes)
}

// together commits the changes in one transaction if it can. A plan that fails
// leaves the others alone.
func (s *Switch) together(ctx context.Context, changes []change) []error {
	errs := make([]error, len(changes))
	t := &transaction{view: s.db.view()}
	for i, c := range changes {
		if _, errs[i] = s.db.connected(); errs[i] == nil {
			errs[i] = c.plan(t, c.nic)
		}
	}
	err := s.send(ctx, t)
	if err == nil {
		return errs
	}
	for i, c := range changes {
		switch {
		case errs[i] != nil:
		case !isRefusal(err):
			errs[i] = err
		default:
			errs[i] = s.alone(ctx, c)
		}
	}
	return errs
}

// alone commits one change, planned anew as often as the database refuses it.
func (s *Switch) alone(ctx context.Context, c change) error {
	var err error
	for range attempts {
		t := &transaction{view: s.db.view()}
		if err = c.plan(t, c.nic); err != nil {
			return err
		}
		if err = s.send(ctx, t); err == nil || !isRefusal(err) {
			return err
		}
	}
	return vif.Internal.From(err, "Open vSwitch's database refused the change of switch port %s", c.nic.Tap)
}

// send commits t, unless there is nothing in it.
func (s *Switch) send(ctx context.Context, t *transaction) error {
	if len(t.ops) == 0 {
		return nil
	}
	if len(t.removed) > 0 {
		t.sweep()
	}
	_, err := s.db.transact(ctx, t.ops)
	return err
}

func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}
