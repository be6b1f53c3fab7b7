package hypervisor

import "libvirt.org/go/libvirt"

// domain returns the wire's handle of the domain with that UUID, which the caller must
// free. A handle is a name for a domain and no more, so it is kept for the next call.
func (s *session) domain(w *wire, id string) (*libvirt.Domain, error) {
	s.mu.Lock()
	d, ok := w.domains[id]
	if ok {
		defer s.mu.Unlock()
		return d, d.Ref()
	}
	s.mu.Unlock()
	d, err := w.conn.LookupDomainByUUIDString(id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.domains[id] = d
	return d, d.Ref()
}

// persistent tells whether the domain has a definition. That changes seldom and
// never without an event, which makes the session forget it.
func (s *session) persistent(id string, d *libvirt.Domain) (bool, error) {
	s.mu.Lock()
	known, ok := s.defined[id]
	before := s.changes
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	now, err := d.IsPersistent()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.changes == before {
		s.defined[id] = now
	}
	return now, err
}

// forget drops what is known of a domain, which may be gone.
func (s *session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.defined, id)
	delete(s.seen, id)
	for _, w := range s.wires {
		if d, ok := w.domains[id]; ok {
			_ = d.Free()
			delete(w.domains, id)
		}
	}
}
