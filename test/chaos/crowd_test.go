package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"vifd/test/dose"
	"vifd/vif"
)

// A thousand at once want something of fifty servers: each gets a true answer,
// no server more NICs than it has slots, and nobody what another has.
func TestCrowd(t *testing.T) {
	var servers []string
	for i := range 50 {
		servers = append(servers, fmt.Sprintf("%08x-9dad-41d1-80b4-00c04fd430c8", i))
	}
	v, err := start(t.Context(), t.TempDir(), newWorld(servers...))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := v.end(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	network, err := v.furnish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	dose.Tally(t, "requests, a thousand at once, to fifty servers", func() int { return int(asked.Load()) })
	for round := range dose.Often(1, 5) {
		var all sync.WaitGroup
		c := &crowd{t: t, vifd: v, network: network, in: map[string]string{}}
		for i := range 1000 {
			all.Go(func() {
				asked.Add(1)
				c.visit(servers[i%len(servers)], fmt.Sprintf("req-%d-%d", round, i), i/len(servers)%4 == 3)
			})
		}
		all.Wait()
		c.check()
	}
}

// A crowd knows what it was told.
type crowd struct {
	*vifd
	t       *testing.T
	network string
	mu      sync.Mutex
	in      map[string]string // servers by port
}

// visit attaches a port, and for some takes one out again that is their server's.
func (c *crowd) visit(server, id string, out bool) {
	ctx := context.Background()
	a, err := c.Attach(ctx, vif.Request{Server: server, Network: c.network, Operation: id, Caller: vif.Caller{Admin: true}})
	if err != nil {
		if kind := vif.KindOf(err); kind != vif.NoSlot && kind != vif.Unavailable {
			c.t.Error(err)
		}
		return
	}
	if out {
		if err := c.Detach(ctx, vif.Request{Server: server, Port: a.Port.ID, Operation: id + "-out"}); err != nil {
			c.t.Error(err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.in[a.Port.ID]; other != "" {
		c.t.Errorf("port %s is both %s's and %s's", a.Port.ID, server, other)
	}
	c.in[a.Port.ID] = server
}

// check compares what the crowd was told with what there is, and takes it out.
func (c *crowd) check() {
	ctx := context.Background()
	if err := c.converge(ctx); err != nil {
		c.t.Error(err)
	}
	list, err := c.Attached(ctx, "")
	if err != nil || len(list) != len(c.in) || len(list) < 50 {
		c.t.Errorf("%d are attached, %d were told so, %v", len(list), len(c.in), err)
	}
	var all sync.WaitGroup
	for batch := range slices.Chunk(list, 16) {
		for _, a := range batch {
			all.Go(func() {
				if c.in[a.Port.ID] != a.Server {
					c.t.Errorf("port %s is in %s", a.Port.ID, a.Server)
				}
				if err := c.Detach(ctx, vif.Request{Server: a.Server, Port: a.Port.ID, Operation: "req-end-" + a.Port.ID}); err != nil {
					c.t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if err := c.converge(ctx); err != nil || c.world.String() != "" {
		c.t.Errorf("%v, left:\n%s", err, c.world)
	}
}
