package ovs

import (
	"slices"

	"vifd/vif"
)

// Healthy returns nil while ovsdb-server answers and no bridge that was prepared
// has gone away, and else what is wrong.
func (s *Switch) Healthy() error {
	if _, err := s.db.connected(); err != nil {
		return err
	}
	for _, b := range s.known() {
		if b.lost() {
			return vif.Unavailable.Because("ovs-vswitchd does not answer for bridge %s: is it running?", b.name)
		}
	}
	return nil
}

// Whole returns nil while it is Healthy and every bridge that was asked for could be
// prepared. One that could not says nothing of the ports on others.
func (s *Switch) Whole() error {
	if err := s.Healthy(); err != nil {
		return err
	}
	for _, b := range s.known() {
		if err := b.trouble(); err != nil {
			return err
		}
	}
	return nil
}

// Following returns the bridges, in order, on which ports of ours are not filtered from when
// ovs-vswitchd starts until their rules are put back: they follow somebody else, so
// that they are not ours to make secure.
func (s *Switch) Following() (names []string) {
	for _, b := range s.known() {
		if b.follows() {
			names = append(names, b.name)
		}
	}
	slices.Sort(names)
	return names
}

// Restarted returns a channel that says "look at the flows too": a bridge has been
// prepared, the first time or again. It may be one that has lost them, as by a restart
// of ovs-vswitchd, or one that was deleted and made anew.
func (s *Switch) Restarted() <-chan struct{} { return s.restarted }
