package api

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Rates are how many requests with a method one caller may send a minute; 0 is
// as many as they like.
type Rates struct{ Get, Post, Delete int }

// maxMetered bounds how many callers a meter remembers, once for each method.
const maxMetered = 4096

// A meter tells who may send a request now. For each caller it keeps only the
// time at which all that they have sent is made up for: each request puts it
// off by its share of a minute, and it may not lie more than a minute ahead.
type meter struct {
	rates map[string]int // by method
	now   func() time.Time

	mu      sync.Mutex
	settled map[metered]time.Time
}

type metered struct{ method, caller string }

func newMeter(r Rates, now func() time.Time) *meter {
	return &meter{
		rates:   map[string]int{http.MethodGet: r.Get, http.MethodPost: r.Post, http.MethodDelete: r.Delete},
		now:     now,
		settled: map[metered]time.Time{},
	}
}

// take counts a request of the caller's, and returns 0; or how long to wait
// before the next one can be taken.
func (m *meter) take(method, caller string) time.Duration {
	rate := m.rates[method]
	if rate == 0 {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now, key := m.now(), metered{method, caller}
	settled := m.settled[key]
	if settled.Before(now) {
		settled = now
	}
	settled = settled.Add(time.Minute / time.Duration(rate))
	if wait := settled.Sub(now) - time.Minute; wait > 0 {
		return wait
	}
	m.settled[key] = settled
	m.forget(now)
	return 0
}

// forget makes room: for all whose requests are made up for, and else for the
// one whose will be next.
func (m *meter) forget(now time.Time) {
	if len(m.settled) <= maxMetered {
		return
	}
	maps.DeleteFunc(m.settled, func(_ metered, settled time.Time) bool { return !settled.After(now) })
	if len(m.settled) <= maxMetered {
		return
	}
	var next metered
	for key, settled := range m.settled {
		if at, ok := m.settled[next]; !ok || settled.Before(at) {
			next = key
		}
	}
	delete(m.settled, next)
}

// withinRate refuses what c's caller sends too often, and says when it will do.
func (a *API) withinRate(c *call) error {
	if !c.route.as.rated {
		return nil
	}
	wait := a.meter.take(c.Method, c.who.Project+"/"+c.who.User)
	if wait == 0 {
		return nil
	}
	seconds := (wait + time.Second - time.Nanosecond) / time.Second
	c.answered.Set("Retry-After", strconv.Itoa(int(seconds)))
	return &special{
		status: http.StatusRequestEntityTooLarge, name: "overLimit", text: "OverLimit Retry...",
		more: object{
			{"details", fmt.Sprintf("One caller may send %d %s requests a minute here.", a.meter.rates[c.Method], c.Method)},
			{"retryAt", stamp(a.Now().Add(wait + time.Second - time.Nanosecond))},
		},
	}
}
