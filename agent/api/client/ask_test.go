package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// A heard is what a server hears of a client, and how it breaks.
type heard struct {
	mu   sync.Mutex
	keys []string
	fail int // so many connections break
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys = append(h.keys, r.Header.Get(wire.OnceHeader))
	if len(h.keys) <= h.fail {
		w.Header().Set("Content-Type", wire.NDJSON)
		io.WriteString(w, `{"step":"tap","ms":0.8}`+"\n")
		panic(http.ErrAbortHandler) // in the middle of its answer
	}
	io.WriteString(w, `{"attachment":{}}`)
}

// with returns the keys that it was asked with.
func (h *heard) with() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.keys)
}

// A change whose connection broke is asked once more, under the same key; what
// reads is asked again, too, and has none.
func TestClientAsksAgain(t *testing.T) {
	attach := func(ctx context.Context, c *Client) error {
		_, err := c.Attach(ctx, NewAttachment{Server: "g1"}, nil)
		return err
	}
	look := func(ctx context.Context, c *Client) error {
		_, err := c.Status(ctx)
		return err
	}
	for name, tt := range map[string]struct {
		do     func(context.Context, *Client) error
		breaks int
		asked  int
		keyed  bool
		fails  bool
	}{
		"well":                {attach, 0, 1, true, false},
		"broken once":         {attach, 1, 2, true, false},
		"broken twice":        {attach, 2, 2, true, true},
		"reading":             {look, 0, 1, false, false},
		"reading broken once": {look, 1, 2, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := &heard{fail: tt.breaks}
			err := tt.do(t.Context(), answering(t, h.ServeHTTP))
			if _, lost := errors.AsType[*Unreachable](err); lost != tt.fails || err != nil && !lost {
				t.Errorf("%v, want it to fail: %t", err, tt.fails)
			}
			if keys := h.with(); len(keys) != tt.asked || (keys[0] != "") != tt.keyed || keys[0] != keys[len(keys)-1] {
				t.Errorf("asked with the keys %q, want %d times", keys, tt.asked)
			}
		})
	}
}

// Each change has a key of its own, and what was refused or given up is not
// asked again.
func TestClientAsksOnce(t *testing.T) {
	h := &heard{}
	c := answering(t, h.ServeHTTP)
	for range 2 {
		if _, err := c.SetLink(t.Context(), "p", vif.LinkUp); err != nil {
			t.Fatal(err)
		}
	}
	if keys := h.with(); len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("two changes have the keys %q", keys)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	c = answering(t, func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		cancel()
		panic(http.ErrAbortHandler)
	})
	if err := c.Networks().Delete(ctx, "n"); err == nil || asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}
