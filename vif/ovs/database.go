package ovs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"vifd/vif"
)

// How the connection to ovsdb-server is kept.
const (
	connectTime = 10 * time.Second // to connect and to get the first copy of the rows
	probeEvery  = 5 * time.Second  // one that is open and dead is found out after that and probeTime
	probeTime   = 5 * time.Second
	retryFirst  = 50 * time.Millisecond
	retryMost   = 500 * time.Millisecond // a socket of this host costs nothing to try
)

// A database is the connection to ovsdb-server, over and over again, and the
// rows that were heard of on the last one.
type database struct {
	socket string
	log    *slog.Logger
	events cache.EventHandler

	mu     sync.RWMutex
	client client.Client // nil while there is no connection
	rows   view
	why    error         // why there is no connection
	doubt  chan struct{} // closed when client is not to be used any more
}

// run keeps connected until ctx ends. up is called after each connect, when the
// rows are there.
func (d *database) run(ctx context.Context, up func()) {
	for wait := retryFirst; ctx.Err() == nil; {
		c, gone, err := d.connect(ctx)
		if err == nil {
			wait = retryFirst
			d.log.Info("connected to the database of Open vSwitch", "socket", d.socket)
			up()
			err = d.hold(ctx, c, gone)
			c.Close()
			<-gone
		}
		d.lose(ctx, err)
		pause(ctx, jitter(wait))
		wait = min(2*wait, retryMost)
	}
}

// connect returns with a fresh copy of the rows. gone is closed when the
// connection ends.
func (d *database) connect(ctx context.Context) (c client.Client, gone <-chan struct{}, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	tables, err := schema()
	if err != nil {
		return nil, nil, err
	}
	if c, err = client.NewOVSDBClient(tables, client.WithEndpoint("unix:"+d.socket)); err != nil {
		return nil, nil, err
	}
	failed := make(chan struct{})
	gone = closing(c.DisconnectNotify(), failed)
	if err = c.Connect(ctx); err != nil {
		close(failed)
		return nil, nil, err
	}
	c.Cache().AddEventHandler(d.events)
	rows := view{c.Cache()}
	if _, err = c.Monitor(ctx, watched()); err != nil {
		c.Close()
		<-gone
		return nil, nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.client, d.rows, d.why, d.doubt = c, rows, nil, make(chan struct{})
	return c, gone, nil
}

// closing returns a channel that is closed once c has sent or failed is closed.
func closing(c, failed <-chan struct{}) <-chan struct{} {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		select {
		case <-c:
		case <-failed:
		}
	}()
	return closed
}

// hold returns why the connection is no good any more.
func (d *database) hold(ctx context.Context, c client.Client, gone <-chan struct{}) error {
	d.mu.RLock()
	doubt := d.doubt
	d.mu.RUnlock()
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-gone:
			return errors.New("ovsdb-server closed the connection")
		case <-doubt:
			return errors.New("ovsdb-server did not answer a transaction")
		case <-probe.C:
			ctx, cancel := context.WithTimeout(ctx, probeTime)
			err := c.Echo(ctx)
			cancel()
			if err != nil {
				return fmt.Errorf("ovsdb-server does not answer: %w", err)
			}
		}
	}
}

// lose notes that there is no connection; the rows stay as they were.
func (d *database) lose(ctx context.Context, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.why == nil && ctx.Err() == nil {
		d.log.Warn("no connection to the database of Open vSwitch", "socket", d.socket, "err", why)
	}
	d.client, d.why = nil, why
}

// distrust ends the use of c, on which a transaction was not answered. It may be
// committed, and the rows may lack it: what is not seen in them is not gone.
func (d *database) distrust(c client.Client, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client != c {
		return
	}
	d.log.Warn("no connection to the database of Open vSwitch", "socket", d.socket, "err", why)
	d.client, d.why = nil, why
	close(d.doubt)
}

// view returns the rows as last heard of.
func (d *database) view() view {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.rows
}

// connected returns the client, or an error of kind Unavailable.
func (d *database) connected() (client.Client, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.client != nil {
		return d.client, nil
	}
	why := d.why
	if why == nil {
		why = errors.New("not connected yet")
	}
	return nil, vif.Unavailable.From(why, "Open vSwitch's database does not answer on %s: is ovsdb-server running?", d.socket)
}

// transact returns when all of ops are committed, or none of them is. On return
// the rows have the change. An error is Unavailable when nobody knows, and a
// refusal when the server said no.
func (d *database) transact(ctx context.Context, ops []ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	c, err := d.connected()
	if err != nil {
		return nil, err
	}
	results, err := c.Transact(ctx, ops...)
	if err != nil {
		d.distrust(c, err)
		return nil, vif.Unavailable.From(err, "Open vSwitch's database did not answer a transaction on %s", d.socket)
	}
	if bad, err := ovsdb.CheckOperationResults(results, ops); err != nil {
		return nil, refused(bad, err)
	}
	return results, nil
}

// pause waits, or returns early when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// jitter returns something between half of d and d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
