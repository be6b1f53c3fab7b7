// Package api is vifd's HTTP API: the dialects of OpenStack's Compute and
// Networking APIs that clients know already, and vifd's own.
//
// Every path stands in one table (routes.go). A request goes through the checks
// of checks in order, and then to its handler; whatever fails on the way
// is an error, which the route's dialect turns into a fault.
package api

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// A Config is what an API needs.
type Config struct {
	Servers     Servers
	Locks       Locks
	Attachments Attachments
	Operations  Operations
	Events      Events
	Networking  Networking
	Upkeep      Upkeep
	Health      Health
	Leaks       Leaks
	Metrics     Metrics
	Answers     Answers
	Tokens      Tokens

	Who     Who          // of the unix socket; nil for its own: root and two groups
	Log     *slog.Logger // nil for the default one
	Host    string       // this host's name, as clients see it
	Version string       // of vifd
	Limits  Limits       // zero values stand for the defaults
	Older   Older        // how the older dialects behave

	Now func() time.Time // nil for time.Now
}

// Limits bound what clients can make vifd hold. The zero value of each stands
// for its default.
type Limits struct {
	Header  time.Duration // to send the headers in; 5 s
	Body    time.Duration // to send the body in; 10 s
	Write   time.Duration // to take each part of an answer in; 10 s
	Idle    time.Duration // between two requests; 60 s
	Grace   time.Duration // to finish in when vifd stops; 8 s
	Attach  time.Duration // for one attach, from its request on, and for any look at a server; 60 s
	Again   time.Duration // to wait for the same request that is under way; 10 s
	Headers int           // bytes of headers; 16 KiB
	Conns   int           // connections; 512
	PerUser int           // connections of one user who is not root; 128
	Streams int           // streams of events; 64

	Heartbeat time.Duration // between two signs of life of a stream of events; 15 s
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&l.Header, 5 * time.Second}, {&l.Body, 10 * time.Second}, {&l.Write, 10 * time.Second},
		{&l.Idle, time.Minute}, {&l.Grace, 8 * time.Second}, {&l.Attach, time.Minute}, {&l.Again, 10 * time.Second},
		{&l.Heartbeat, 15 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	for _, d := range []struct {
		value *int
		usual int
	}{{&l.Headers, 16 << 10}, {&l.Conns, 512}, {&l.PerUser, 128}, {&l.Streams, 64}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	return l
}

// An API answers requests. It is made by New, and served either by Serve or by
// an http.Server of somebody else's, who then calls Stop.
type API struct {
	Config
	table     []route
	detaches  *background
	limiter   *limiter
	fresh     fresh
	farewells farewells
	bodies    load          // of large requests that are under way
	answers   load          // that are large, on their way
	large     pace          // of large bodies
	rude      pace          // of those who do not wait for answers, or send broken bodies
	computing chan struct{} // holds one for who decodes a large body
	flights   flights
	strangers *strangers
	streams   *streams
	meter     *meter
	joining   sync.Map // the servers, each with a network, that are being brought together
}

// New returns the API over what c names.
func New(c Config) *API {
	if c.Who == nil {
		c.Who = NewPeers("vifd-admin", "vifd")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Limits = c.Limits.withDefaults()
	a := &API{Config: c, detaches: newBackground(), streams: newStreams(c.Limits.Streams), limiter: newLimiter(c.Limits), strangers: newStrangers(), meter: newMeter(c.Older.Rates, c.Now)}
	a.bodies.most, a.answers.most, a.computing = maxBodies, maxAnswers, make(chan struct{}, 1)
	a.table = a.routes()
	return a
}

// ServeHTTP answers one request, and logs it in one line.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := a.newCall(w, r)
	defer func() { a.bodies.give(c.weight) }()
	answer, weight := a.weigh(c, a.handle(c))
	defer a.answers.give(weight)
	answer.write(c)
	a.log(c, time.Since(c.begun))
}

// checks are done on every request, in the order in which Nova does them; the
// first that fails is what the client learns.
func (a *API) checks() []func(*call) error {
	return []func(*call) error{
		a.readBody, a.takeTurn, a.identify, a.introduce, a.negotiate, a.admit, a.withinRate,
		a.mediaType, a.parseBody, a.chooseProject, a.authorize, a.ready,
	}
}

func (a *API) handle(c *call) (answer reply) {
	defer func() {
		if p := recover(); p != nil {
			answer = faulty(c, panicked(p))
		}
	}()
	for _, check := range a.checks() {
		if err := check(c); err != nil {
			return faulty(c, err)
		}
	}
	return a.once(c, func() reply {
		answer, err := c.route.handle(c)
		if err != nil {
			return faulty(c, err)
		}
		return answer
	})
}
