package ovs

// Healthy returns nil while ovsdb-server answers and every bridge that was asked
// for is ready, and else why not.
func (s *Switch) Healthy() error {
	_, err := s.db.connected()
	return err
}

// Restarted returns a channel that says "look at the flows too": bridges have
// been prepared again, since ovs-vswitchd was away and has lost them.
func (s *Switch) Restarted() <-chan struct{} { return s.restarted }
