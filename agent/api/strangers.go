package api

import (
	"net/netip"
	"sync"
	"time"
)

// strangers counts wrong credentials by the address that they come from.
type strangers struct {
	mu    sync.Mutex
	until map[netip.Prefix]time.Time // when all of an address's failures are forgotten
}

const (
	strangerTries = 10              // how many failures an address has at once
	strangerPause = 5 * time.Second // after which one more is forgotten
	strangersKept = 4096            // addresses
)

func newStrangers() *strangers { return &strangers{until: map[netip.Prefix]time.Time{}} }

// tooMany counts a failure of the client at the address, and tells whether it
// has had too many of late.
func (s *strangers) tooMany(remote string) bool {
	who, now := network64(remote), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	until := s.until[who]
	if until.Before(now) {
		until = now
	}
	if until.Sub(now) > (strangerTries-1)*strangerPause {
		return true
	}
	if _, known := s.until[who]; !known && len(s.until) >= strangersKept {
		s.forget(now)
	}
	s.until[who] = until.Add(strangerPause)
	return false
}

// forget makes room: of those whose time is up or, where that is nobody, of any.
func (s *strangers) forget(now time.Time) {
	for who, until := range s.until {
		if until.Before(now) {
			delete(s.until, who)
		}
	}
	for who := range s.until {
		if len(s.until) < strangersKept {
			return
		}
		delete(s.until, who)
	}
}

// network64 returns the address of a client or, with IPv6, its network: there
// one host has as many addresses as it likes.
func network64(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if a := at.Addr().Unmap(); a.Is6() {
		bits = 64
	}
	p, _ := at.Addr().Unmap().Prefix(bits) // the bits fit
	return p
}
