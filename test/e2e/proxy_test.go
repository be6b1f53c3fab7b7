package e2e

import (
	"net"
	"os"
	"sync"
	"testing"
)

// A proxy stands before a daemon's unix socket, and passes on what comes until it
// is stalled: then all connections stay open, new ones are taken, and nothing
// comes through.
type proxy struct {
	mu    sync.Mutex
	shut  chan struct{} // while nothing passes, closed at the end of that
	conns []net.Conn
}

// stand returns a proxy at the path before the socket, until the end of the test.
func stand(t *testing.T, path, socket string) *proxy {
	t.Helper()
	_ = os.Remove(path) // of a test before
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	t.Cleanup(func() {
		l.Close()
		p.drop()
	})
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				near.Close()
				continue
			}
			p.keep(near, far)
			go p.pass(near, far)
			go p.pass(far, near)
		}
	}()
	return p
}

func (p *proxy) keep(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conns...)
}

// pass passes on what comes from one end, while everything passes.
func (p *proxy) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if shut := p.gate(); shut != nil {
			<-shut
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) gate() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shut
}

// stall lets nothing through from now on.
func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut == nil {
		p.shut = make(chan struct{})
	}
}

// drop ends all connections, what they hold is lost, and lets new ones through.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
	if p.shut != nil {
		close(p.shut)
		p.shut = nil
	}
}
