package api

import (
	"context"
	"sync"
	"time"

	"vifd/vif"
)

// A history is Events in memory.
type history struct {
	mu   sync.Mutex
	lost int64 // all events up to this are
	list []vif.Event
	next chan struct{}
	fail error
}

func newHistory(lost int64, ports ...string) *history {
	h := &history{lost: lost, next: make(chan struct{})}
	for _, p := range ports {
		h.happens(vif.Event{Kind: vif.PortState, Server: vm1, Port: p, State: vif.Active, Project: project})
	}
	return h
}

func (h *history) last() int64 { return h.lost + int64(len(h.list)) }

func (h *history) happens(e vif.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.ID, e.At = h.last()+1, time.Unix(0, 0).UTC()
	h.list = append(h.list, e)
	close(h.next)
	h.next = make(chan struct{})
}

func (h *history) Events(_ context.Context, after int64, most int) ([]vif.Event, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil || after > h.last() {
		return nil, false, h.fail
	}
	list := h.list[max(0, after-h.lost):]
	return list[:min(most, len(list))], after >= h.lost, nil
}

func (h *history) LastEvent(context.Context) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last(), h.fail
}

func (h *history) Eventful() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next
}
