// Package openflow keeps a connection to a bridge of Open vSwitch open and
// changes its flows in atomic bundles, with one wait for each. It knows the
// part of OpenFlow 1.4 that this takes, and no more: what it cannot say it
// refuses to say, and whoever asked says it in another way.
package openflow

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A Conn is a connection to a bridge, on which one Bundle at a time is under way.
type Conn struct {
	conn net.Conn
	turn chan struct{} // holds a token while a bundle is under way
	done chan struct{} // closed when the connection has ended

	// Only the holder of the turn uses these.
	xid    uint32
	bundle uint32
	taken  map[string]bool // shapes of flow mods that this switch is known to take

	mu      sync.Mutex
	waiting *exchange
	err     error // why the connection ended
}

// An exchange is a run of requests whose last is a barrier.
type exchange struct {
	first, last uint32 // their xids
	refused     error  // the first refusal
	done        chan struct{}
}

// ErrVersion says that the bridge does not speak OpenFlow 1.4.
var ErrVersion = errors.New("the bridge does not speak OpenFlow 1.4: see its protocols")

// helloVersions is the hello element that offers OpenFlow 1.4 alone (section
// 7.5.1): type 1, 8 bytes, bit 5.
var helloVersions = []byte{0, 1, 0, 8, 0, 0, 0, 1 << version}

// Dial connects to the bridge that listens on the socket. The connection ends
// by Close, or when the bridge goes away; ended is then called, once.
func Dial(ctx context.Context, socket string, ended func()) (*Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	if err := greet(ctx, nc); err != nil {
		nc.Close()
		return nil, fmt.Errorf("%s: %w", socket, err)
	}
	c := &Conn{conn: nc, turn: make(chan struct{}, 1), done: make(chan struct{}), taken: map[string]bool{}}
	go func() {
		defer ended()
		c.listen()
	}()
	return c, nil
}

// greet exchanges hellos.
func greet(ctx context.Context, nc net.Conn) error {
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := nc.Write(appendMessage(nil, kindHello, 1, helloVersions...)); err != nil {
		return err
	}
	m, err := readMessage(nc)
	if err != nil {
		return err
	}
	if m.kind != kindHello {
		return errors.New("the bridge does not greet in OpenFlow")
	}
	if len(m.body) >= 8 && binary.BigEndian.Uint16(m.body) == 1 && binary.BigEndian.Uint32(m.body[4:])&(1<<version) == 0 {
		return ErrVersion
	}
	return nil
}

// Close ends the connection. A bundle that is not committed is forgotten.
func (c *Conn) Close() {
	c.conn.Close()
	<-c.done
}

// Alive tells whether the connection has not ended.
func (c *Conn) Alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// listen reads until the connection ends.
func (c *Conn) listen() {
	defer close(c.done)
	defer c.conn.Close()
	for {
		m, err := readMessage(c.conn)
		if err == nil && m.kind == kindEchoRequest {
			_, err = c.conn.Write(appendMessage(nil, kindEchoReply, m.xid, m.body...))
		}
		if err != nil {
			c.end(err)
			return
		}
		c.hear(m)
	}
}

// end keeps why the connection ended.
func (c *Conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = fmt.Errorf("the connection to the bridge ended: %w", err)
}

// hear gives m to the exchange that it belongs to.
func (c *Conn) hear(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.waiting
	if x == nil || m.xid < x.first || m.xid > x.last {
		return
	}
	switch {
	case m.kind == kindError && x.refused == nil:
		x.refused = refusal(m)
	case m.kind == kindBarrierReply && m.xid == x.last:
		c.waiting = nil
		close(x.done)
	}
}

// exchange sends the requests, of which first is the first xid and the last is
// a barrier, and returns the first refusal. When ctx ends before the barrier is
// answered, nobody knows what became of them, and the connection is closed.
func (c *Conn) exchange(ctx context.Context, first uint32, requests []byte) error {
	x := &exchange{first: first, last: c.xid, done: make(chan struct{})}
	c.mu.Lock()
	c.waiting = x
	c.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	defer stop()
	if _, err := c.conn.Write(requests); err != nil {
		c.conn.Close()
		return errors.Join(ctx.Err(), err)
	}
	select {
	case <-x.done:
		return x.refused
	case <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return errors.Join(ctx.Err(), c.err)
	}
}
