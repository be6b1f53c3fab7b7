package hypervisor

import (
	"context"

	"vifd/vif"
)

// Recent returns the server as it was last looked at, if libvirt has told of no
// change since then, and else what Server does. It asks nobody mostly, and may
// be behind by what libvirt is just about to tell: who acts on it finds out when
// libvirt refuses, and who would refuse for what it says asks Server first.
func (h *Host) Recent(ctx context.Context, id string) (vif.Server, error) {
	if s, ok := h.look.recent(id); ok {
		return s, nil
	}
	return h.Server(ctx, id)
}

// recent returns the server as the line's session remembers it.
func (l *line) recent(id string) (vif.Server, bool) {
	s := l.now()
	if s == nil {
		return vif.Server{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	server, ok := s.seen[id]
	return server, ok
}

// outdated has the line's session forget how a server looks.
func (l *line) outdated(id string) {
	s := l.now()
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.seen, id)
}

// told returns how many changes the session was told of.
func (s *session) told() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

// remember keeps what a look has found that began after so many changes.
func (s *session) remember(server vif.Server, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == changes {
		s.seen[server.ID] = server
	}
}
