package hypervisor

import (
	"slices"
	"time"

	"libvirt.org/go/libvirt"
)

// spareTime is how long wires that nobody uses are kept, but for the first.
const spareTime = 5 * time.Second

// A wire is one of a session's connections. It carries one call at a time: libvirt's
// client may read what is freed already when a second thread calls on a connection
// that breaks, or that the first is done with (CVE-2024-4418, before 10.4.0).
type wire struct {
	conn    *libvirt.Connect
	domains map[string]*libvirt.Domain // under the session's lock
}

// dial adds a wire to the session. It may take as long as libvirt does.
func (s *session) dial() (*wire, error) {
	conn, err := libvirt.NewConnect(s.uri)
	if err != nil {
		return nil, err
	}
	w := &wire{conn: conn, domains: map[string]*libvirt.Domain{}}
	err = conn.RegisterCloseCallback(func(*libvirt.Connect, libvirt.ConnectCloseReason) { s.lose() })
	if err == nil {
		err = conn.SetKeepAlive(keepEvery, keepCount)
	}
	if err != nil {
		w.cut()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wires = append(s.wires, w)
	return w, nil
}

// take returns a wire that nobody uses. The caller has one of the session's slots, and
// gives the wire back.
func (s *session) take() (*wire, error) {
	s.mu.Lock()
	if last := len(s.free) - 1; last >= 0 {
		defer s.mu.Unlock()
		w := s.free[last]
		s.free = s.free[:last]
		return w, nil
	}
	s.mu.Unlock()
	return s.dial()
}

func (s *session) give(w *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, w)
	if len(s.free) > 1 && !s.trims {
		s.trims = true
		time.AfterFunc(spareTime, s.trim)
	}
}

// trim cuts the wires that nobody uses, but for the first.
func (s *session) trim() {
	s.mu.Lock()
	s.trims = false
	spare := func(w *wire) bool { return w != s.wires[0] && slices.Contains(s.free, w) }
	var cut []*wire
	for _, w := range s.wires {
		if spare(w) {
			cut = append(cut, w)
		}
	}
	among := func(w *wire) bool { return slices.Contains(cut, w) }
	s.wires, s.free = slices.DeleteFunc(s.wires, among), slices.DeleteFunc(s.free, among)
	s.mu.Unlock()
	for _, w := range cut {
		w.cut()
	}
}

// cut closes the wire. One that libvirt has broken refuses some of it, which changes
// nothing.
func (w *wire) cut() {
	_ = w.conn.UnregisterCloseCallback()
	for _, d := range w.domains {
		_ = d.Free()
	}
	clear(w.domains)
	_, _ = w.conn.Close()
}
