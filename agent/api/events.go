package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"vifd/vif"
)

// Events is what has happened, numbered without gaps.
type Events interface {
	// Events returns those after the one with the ID, oldest first and most at
	// once. It is whole when none of them is lost.
	Events(ctx context.Context, after int64, most int) (list []vif.Event, whole bool, err error)

	// LastEvent returns the ID of the newest.
	LastEvent(ctx context.Context) (int64, error)

	// Eventful returns a channel that is closed when there are more. Who asks for
	// it before Events misses none.
	Eventful() <-chan struct{}
}

// followEvents answers with what happens from now on, or since the event that
// the client has seen last, until one of the two goes away.
func (a *API) followEvents(c *call) (reply, error) {
	wanted, err := a.eventFilter(c)
	if err != nil {
		return reply{}, err
	}
	from, err := a.eventsFrom(c)
	if err != nil {
		return reply{}, err
	}
	if !a.streams.enter() {
		return reply{}, vif.Unavailable.Because("%d clients follow the events already: try again when one has gone.", a.Limits.Streams)
	}
	defer a.streams.leave()
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	defer context.AfterFunc(a.streams.ctx, cancel)()
	s := &eventStream{Events: a.Events, at: from, wanted: wanted, beat: a.Limits.Heartbeat, send: c.sendEvents, still: c.stillKnown}
	c.answered.Set("Content-Type", "text/event-stream")
	c.answered.Set("Cache-Control", "no-store")
	err = s.run(ctx)
	if !s.begun {
		return reply{}, err
	}
	c.failure = err
	return reply{status: http.StatusOK, sent: true}, nil
}

// errRevoked ends a stream whose client must say anew who it is.
var errRevoked = errors.New("the caller is not any more who they were when they began to follow")

// stillKnown is nil as long as c's caller is who they were: a token may be revoked
// and expire, and a group be left, while what it has opened goes on.
func (c *call) stillKnown() error {
	r := *c.Request
	r.Header = c.shown.Clone()
	who, err := c.door.Who.Identify(&r)
	switch {
	case isUnknown(err) || err == nil && who != c.who:
		return errRevoked
	case err != nil:
		return err
	}
	return nil
}

// sendEvents sends a part of a stream. A client that does not take it in time is
// one too slow, and may come back where it was.
func (c *call) sendEvents(text []byte) error {
	c.untilWritten()
	if _, err := c.w.Write(text); err != nil {
		return err
	}
	return http.NewResponseController(c.w).Flush()
}

// eventFilter returns the test whether c's caller sees an event, and asks for it.
// A server or a port that is gone is known by its ID.
func (a *API) eventFilter(c *call) (func(vif.Event) bool, error) {
	server, port := canonical(c.URL.Query().Get("server")), canonical(c.URL.Query().Get("port"))
	if server != "" && !isUUID(server) {
		s, err := a.serverNamed(c, server)
		if err != nil {
			return nil, err
		}
		server = s.ID
	}
	if port != "" && !isUUID(port) {
		id, err := a.portNamed(c, port)
		if err != nil {
			return nil, err
		}
		port = id
	}
	who := c.who
	return func(e vif.Event) bool {
		return who.sees(e.Project) && (server == "" || e.Server == server) && (port == "" || e.Port == port)
	}, nil
}

// eventsFrom returns the ID of the event that the client has seen last: what its
// header says, where it comes back by itself, or its query; or else the newest.
// 0 stands for what was before all that are kept.
func (a *API) eventsFrom(c *call) (int64, error) {
	text := c.Header.Get("Last-Event-ID")
	if text == "" {
		text = c.URL.Query().Get("since")
	}
	if text == "" {
		return a.Events.LastEvent(c.Context())
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 || id == math.MaxInt64 {
		return 0, vif.Invalid.Because("%s is not the ID of an event: give that of the last one that was seen, or 0 for all that are kept.", repr(text))
	}
	return id, nil
}
