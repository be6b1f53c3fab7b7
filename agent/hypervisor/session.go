package hypervisor

import (
	"fmt"
	"sync"

	"libvirt.org/go/libvirt"

	"vifd/vif"
)

// A session has so many connections at most, and so many calls at a time. One counts
// as broken when nothing came for keepEvery seconds, keepCount times in a row.
const (
	slots     = 5
	keepEvery = 10
	keepCount = 3
	oldest    = 8_000_000 // libvirt 8.0.0: the first with all that is used here
)

// A session is a few open connections, and the handles of domains on them. When one of
// them breaks, all are given up.
type session struct {
	uri     string
	conn    *libvirt.Connect // the first, which hears of events
	version uint32
	lost    chan struct{} // closed when a connection is broken
	lose    func()
	slots   chan struct{} // one for each call that libvirt works on
	undo    []func() error

	mu      sync.Mutex
	wires   []*wire               // all
	free    []*wire               // that nobody uses
	trims   bool                  // some will be cut
	defined map[string]bool       // whether the domain is persistent
	seen    map[string]vif.Server // as it was last looked at, and has not changed since
	changes int                   // how often a domain was forgotten
	users   int
	ended   bool
}

// open dials libvirt. It may take as long as libvirt does.
func open(uri string) (*session, error) {
	lost := make(chan struct{})
	s := &session{
		uri:     uri,
		lost:    lost,
		lose:    sync.OnceFunc(func() { close(lost) }),
		slots:   make(chan struct{}, slots),
		defined: map[string]bool{},
		seen:    map[string]vif.Server{},
	}
	if err := s.prepare(); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func (s *session) prepare() error {
	w, err := s.dial()
	if err != nil {
		return err
	}
	s.conn = w.conn
	s.give(w)
	s.version, err = s.conn.GetLibVersion()
	if err == nil && s.version < oldest {
		err = fmt.Errorf("libvirt %s is too old: 8.0.0 is the oldest that works", dotted(s.version))
	}
	return err
}

// dotted returns a version as people write it.
func dotted(v uint32) string {
	return fmt.Sprintf("%d.%d.%d", v/1_000_000, v/1000%1000, v%1000)
}

// hold keeps the connection open until release. It is false when the session has ended.
func (s *session) hold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.users++
	return true
}

func (s *session) release() {
	s.mu.Lock()
	s.users--
	last := s.ended && s.users == 0
	s.mu.Unlock()
	if last {
		s.close()
	}
}

// end closes the connection as soon as nobody uses it.
func (s *session) end() {
	if s.hold() {
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		s.release()
	}
}

// close lets go of everything.
func (s *session) close() {
	for _, undo := range s.undo {
		_ = undo()
	}
	s.mu.Lock()
	wires := s.wires
	s.wires, s.free = nil, nil
	s.mu.Unlock()
	for _, w := range wires {
		w.cut()
	}
}
