package api

import (
	"context"
	"fmt"
	"time"

	"vifd/vif"
)

// someEvents is how many events are read at once. A stream holds no others: it
// reads on when its client has taken them.
const someEvents = 100

// retryTime is after how many milliseconds a client that was cut off comes back.
const retryTime = 1000

// An eventStream sends events as server-sent events (text/event-stream, in HTML's
// standard) to one client.
type eventStream struct {
	Events
	at     int64 // the ID of the last event that was looked at
	wanted func(vif.Event) bool
	beat   time.Duration
	send   func([]byte) error
	still  func() error // that the client may be sent anything
	out    []byte       // not yet sent
	begun  bool         // something was
}

// run sends what happens until ctx ends, which is no error.
func (s *eventStream) run(ctx context.Context) error {
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	s.out = fmt.Appendf(nil, "retry: %d\n", retryTime)
	s.mark()
	for {
		more := s.Eventful()
		if err := s.catchUp(ctx); err != nil {
			return ignoreEnd(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-more:
		case <-beat.C:
			s.out = append(s.out, ": alive\n"...)
			s.mark()
		}
	}
}

// mark tells the client where it has come to, so that it can come back there
// without having been told anything that it asked for.
func (s *eventStream) mark() { s.out = fmt.Appendf(s.out, "id: %d\n\n", s.at) }

// catchUp sends all that has happened until now.
func (s *eventStream) catchUp(ctx context.Context) error {
	for {
		list, whole, err := s.Events.Events(ctx, s.at, someEvents)
		if err != nil {
			return err
		}
		if !whole && s.at != 0 {
			if list, err = s.reset(ctx); err != nil {
				return err
			}
		}
		for _, e := range list {
			s.at = e.ID
			if err := s.event(e); err != nil {
				return err
			}
		}
		if err := s.flush(); err != nil || len(list) < someEvents {
			return err
		}
	}
}

// reset returns the event that says that others are lost. It stands where the
// newest is.
func (s *eventStream) reset(ctx context.Context) ([]vif.Event, error) {
	last, err := s.LastEvent(ctx)
	return []vif.Event{{
		ID: last, At: time.Now().UTC(), Kind: vif.EventsLost,
		Reason: "events after the one that was seen last are not kept any more: list afresh",
	}}, err
}

// event puts e into what is sent, if it is wanted.
func (s *eventStream) event(e vif.Event) error {
	if e.Kind != vif.EventsLost && !s.wanted(e) {
		return nil
	}
	data, err := encode(e)
	s.out = fmt.Appendf(s.out, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data)
	return err
}

func (s *eventStream) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	if err := s.still(); err != nil {
		return err
	}
	s.begun = true
	err := s.send(s.out)
	s.out = nil
	return err
}

// ignoreEnd returns err, unless it comes of ctx's end.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// streams are the streams that are open, of which there may be so many.
type streams struct {
	slots chan struct{}
	ctx   context.Context // ends with the API
	end   context.CancelFunc
}

func newStreams(most int) *streams {
	ctx, end := context.WithCancel(context.Background())
	return &streams{slots: make(chan struct{}, most), ctx: ctx, end: end}
}

// enter counts a stream, or returns false where that would be one too many.
func (s *streams) enter() bool {
	select {
	case s.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *streams) leave() { <-s.slots }
