package api

import (
	"sync"
)

// A limiter counts connections, in all and by user.
type limiter struct {
	mu             sync.Mutex
	conns, perUser int // how many there may be
	total          int
	far            int // of total, those that came by a network
	users          map[string]int
}

func newLimiter(l Limits) *limiter {
	return &limiter{conns: l.Conns, perUser: l.PerUser, users: map[string]int{}}
}

// Adjust puts other bounds on connections in force: Conns and PerUser of l. Those
// that are there stay.
func (a *API) Adjust(l Limits) {
	l = l.withDefaults()
	a.limiter.mu.Lock()
	defer a.limiter.mu.Unlock()
	a.limiter.conns, a.limiter.perUser = l.Conns, l.PerUser
}

// take counts a connection of user, or returns false where that would be one
// too many. Only root may have them all; those who come from afar leave a quarter
// to who is on this host.
func (l *limiter) take(user string, afar bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if afar && l.far >= l.conns-l.conns/4 {
		return false
	}
	if l.total >= l.conns || user != rootUser && l.users[user] >= l.perUser {
		return false
	}
	l.total++
	l.users[user]++
	if afar {
		l.far++
	}
	return true
}

func (l *limiter) give(user string, afar bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if afar {
		l.far--
	}
	if l.users[user]--; l.users[user] == 0 {
		delete(l.users, user)
	}
}
