package hypervisor

import (
	"context"
	"sync"
)

// ears are those who wait for a guest to let go of a NIC.
type ears struct {
	mu  sync.Mutex
	all map[*ear]bool
}

// An ear waits for one NIC of one server.
type ear struct {
	server, alias string

	gone  chan struct{} // closed when libvirt said that the NIC was removed
	again chan struct{} // holds one when it is time to look
}

func newEars() *ears { return &ears{all: map[*ear]bool{}} }

// listen returns an ear for the NIC; stop must be called in the end.
func (e *ears) listen(server, alias string) (one *ear, stop func()) {
	one = &ear{server: server, alias: alias, gone: make(chan struct{}), again: make(chan struct{}, 1)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all[one] = true
	return one, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.all, one)
	}
}

// removed tells that the server's NIC is gone.
func (e *ears) removed(server, alias string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for one := range e.all {
		if one.server == server && one.alias == alias {
			close(one.gone)
			delete(e.all, one)
		}
	}
}

// look tells those who wait for the server, or for any with "", to look.
func (e *ears) look(server string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for one := range e.all {
		if server == "" || one.server == server {
			poke(one.again)
		}
	}
}

// poke puts one into c unless it holds one already.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// news are the servers that may have changed, each at most once.
type news struct {
	mu      sync.Mutex
	servers map[string]bool
	any     chan struct{}
}

func newNews() *news { return &news{servers: map[string]bool{}, any: make(chan struct{}, 1)} }

// add never waits.
func (n *news) add(server string) {
	n.mu.Lock()
	n.servers[server] = true
	n.mu.Unlock()
	poke(n.any)
}

// deliver calls changed with what is new until ctx ends. Whatever comes while
// changed is busy comes once.
func (n *news) deliver(ctx context.Context, changed func(server string)) {
	for {
		select {
		case <-n.any:
		case <-ctx.Done():
			return
		}
		n.mu.Lock()
		servers := n.servers
		n.servers = map[string]bool{}
		n.mu.Unlock()
		for server := range servers {
			changed(server)
		}
	}
}
