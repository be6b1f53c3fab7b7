package hotplug

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"

	"vifd/vif"
)

// A tally is a host whose calls to the authority are counted, by name.
type tally struct {
	*host
	mu    sync.Mutex
	calls map[string]int
}

func (c *tally) count(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[name]++
}

// since returns the calls since the last time.
func (c *tally) since() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counted := c.calls
	c.calls = map[string]int{}
	return counted
}

func (c *tally) Claim(ctx context.Context, r vif.Request) (vif.Port, error) {
	c.count("claim")
	return c.host.Claim(ctx, r)
}

func (c *tally) Preview(ctx context.Context, r vif.Request) (vif.Port, error) {
	c.count("preview")
	return c.host.Preview(ctx, r)
}

func (c *tally) Release(ctx context.Context, p vif.Port) error {
	c.count("release")
	return c.host.Release(ctx, p)
}

func (c *tally) Readdress(ctx context.Context, p vif.Port, want []vif.FixedIP) (vif.Port, error) {
	c.count("readdress")
	return c.host.Readdress(ctx, p, want)
}

func (c *tally) Leave(ctx context.Context, p vif.Port) error {
	c.count("leave")
	return c.host.Leave(ctx, p)
}

func (c *tally) Held(ctx context.Context, ids ...string) ([]vif.Port, error) {
	c.count("held")
	return c.host.Held(ctx, ids...)
}

// An attach asks the authority for one port, and for nothing of the NICs that
// the server has already: one claim, be there 1 of them or 50.
func TestCostOfAnAttach(t *testing.T) {
	h := newHost()
	h.srv.FreeSlots = 64
	c := &tally{host: h, calls: map[string]int{}}
	e := newEngine(t, h, newStore(t))
	e.Authority = c
	want := map[string]int{"claim": 1}
	for there := range 51 {
		r := request
		r.Port, r.Operation = fmt.Sprintf("%08x-0000-4000-8000-000000000000", there+1), fmt.Sprintf("req-%d", there)
		if a, err := e.Attach(t.Context(), r); err != nil || a.State != vif.Active {
			t.Fatalf("with %d NICs there: %v, %v", there, a.State, err)
		}
		e.after.Wait() // what follows the answer counts, too
		if got := c.since(); !maps.Equal(got, want) {
			t.Errorf("with %d NICs there the authority was asked %v, want %v", there, got, want)
		}
	}
}
