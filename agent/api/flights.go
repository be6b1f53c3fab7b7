package api

import (
	"bytes"
	"context"
	"sync"
	"time"

	"vifd/vif"
)

// flights are the named changes that are under way. The zero value has none.
type flights struct {
	mu     sync.Mutex
	flying map[flightKey]*flight
}

type flightKey struct{ caller, key string }

type flight struct {
	request []byte
	landed  chan struct{} // closed at its end
}

// enter returns when no change of o's name is under way any more, and then o is,
// until leave. The same change is waited for, as long as patience and ctx last;
// another of the same name is an error.
func (f *flights) enter(ctx context.Context, o *vif.Once, patience time.Duration) (leave func(), err error) {
	tired := time.NewTimer(patience)
	defer tired.Stop()
	for {
		other := f.begin(o)
		switch {
		case other == nil:
			return func() { f.end(o) }, nil
		case !bytes.Equal(other.request, o.Request):
			return nil, errOtherRequest
		}
		select {
		case <-other.landed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tired.C:
			return nil, errUnderWay
		}
	}
}

// begin makes o under way, or returns what is under way under its name.
func (f *flights) begin(o *vif.Once) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := flightKey{o.Caller, o.Key}
	if other, ok := f.flying[k]; ok {
		return other
	}
	if f.flying == nil {
		f.flying = map[flightKey]*flight{}
	}
	f.flying[k] = &flight{request: o.Request, landed: make(chan struct{})}
	return nil
}

func (f *flights) end(o *vif.Once) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := flightKey{o.Caller, o.Key}
	close(f.flying[k].landed)
	delete(f.flying, k)
}
