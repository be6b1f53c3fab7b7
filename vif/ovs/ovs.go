// Package ovs joins taps to networks: it plugs them into bridges of Open vSwitch
// and says what may come out of them. Rows go through one connection to
// ovsdb-server, flows through one to each bridge; both are opened again whenever
// they end, and what was heard of last is kept.
package ovs

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/model"

	"vifd/vif"
)

// A Config says where Open vSwitch is.
type Config struct {
	Database string       // ovsdb-server's socket, such as /run/openvswitch/db.sock
	Sockets  string       // where ovs-vswitchd has a socket for each bridge, such as /run/openvswitch
	Log      *slog.Logger //

	// Index returns the interface index of a device of this host; ok is false
	// when there is none. It is asked often. With a nil Index it is not looked at.
	Index func(device string) (index int, ok bool)
}

// A Switch is Open vSwitch on this host.
type Switch struct {
	config    Config
	db        *database
	changes   group[change]
	bell      bell
	changed   chan struct{}
	restarted chan struct{}
	lost      chan struct{} // poked when a bridge may have to be prepared again

	mu      sync.Mutex
	bridges map[string]*bridge // those that were asked for
}

// What is rung for.
const (
	rootBell      = tableRoot
	interfaceBell = tableInterface + " "
)

// New returns a Switch that is not connected yet. Nothing has to be running.
func New(c Config) *Switch {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Switch{
		config: c, bridges: map[string]*bridge{},
		changed: make(chan struct{}, 1), restarted: make(chan struct{}, 1), lost: make(chan struct{}, 1),
	}
	s.changes.do, s.changes.most = s.commit, 64
	s.db = &database{socket: c.Database, log: c.Log, events: &cache.EventHandlerFuncs{
		AddFunc: func(table string, row model.Model) { s.heard(table, row, true) },
		UpdateFunc: func(table string, was, row model.Model) {
			s.heard(table, was, false) // it may have lost our markers
			s.heard(table, row, false)
		},
		DeleteFunc: func(table string, row model.Model) { s.heard(table, row, true) },
	}}
	return s
}

// Run keeps connected until ctx ends, and then returns nil. Until it runs, and
// while Open vSwitch does not answer, everything that needs it is Unavailable.
func (s *Switch) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() {
		s.db.run(ctx, func() {
			poke(s.lost)
			poke(s.changed)
		})
	})
	parts.Go(func() { s.mend(ctx) })
	parts.Wait()
	for _, b := range s.known() {
		b.turn <- struct{}{}
		b.set(nil, false)
		<-b.turn
	}
	return nil
}

// Changed returns a channel that says "look again": after a connect, and when a
// row of ours, or which bridges there are, has changed. What happens before it is
// read comes as one.
func (s *Switch) Changed() <-chan struct{} { return s.changed }

// heard is told of each row that changed; whole says that it came or went.
func (s *Switch) heard(table string, row model.Model, whole bool) {
	switch r := row.(type) {
	case *rootRow:
		s.bell.ring(rootBell)
	case *bridgeRow:
		if whole {
			poke(s.changed)
		}
	case *portRow:
		if !foreign(r) || r.ExternalIDs[keyGuard] != "" {
			poke(s.changed)
		}
	case *interfaceRow:
		s.bell.ring(interfaceBell + r.Name)
		if r.ExternalIDs[keyGuard] != "" {
			s.bell.ring(interfaceBell + ofEnd(r.Name))
		}
		if r.ExternalIDs[keyPort] != "" || r.ExternalIDs[keyGuard] != "" {
			poke(s.changed)
		}
	}
}

// known returns the bridges that were asked for.
func (s *Switch) known() []*bridge {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.bridges))
}

// mendTime bounds one attempt to prepare a bridge again.
const mendTime = 5 * time.Second

// mend prepares bridges again that were lost, for as long as it takes.
func (s *Switch) mend(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.lost:
		}
		for wait := retryFirst; ctx.Err() == nil && !s.mended(ctx); wait = min(2*wait, retryMost) {
			pause(ctx, jitter(wait))
		}
	}
}

// mended tells whether all bridges are ready again, or do not exist any more.
func (s *Switch) mended(ctx context.Context) bool {
	all := true
	for _, b := range s.known() {
		if b.ready() {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, mendTime)
		_, err := s.ready(ctx, b.name)
		cancel()
		all = all && (err == nil || vif.KindOf(err) == vif.NotFound)
	}
	return all
}
