package ovs

import "vifd/vif"

// Healthy returns nil while ovsdb-server answers, and ovs-vswitchd for each bridge
// that was asked for, and else what is wrong.
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

// Restarted returns a channel that says "look at the flows too": bridges have
// been prepared again, since ovs-vswitchd was away and has lost them.
func (s *Switch) Restarted() <-chan struct{} { return s.restarted }
