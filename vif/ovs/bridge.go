package ovs

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
	"vifd/vif/ovs/openflow"
)

// A bridge is a bridge that was asked for. It is prepared when it has our base
// flows, as far as they are its to have, and stays so until its connection ends.
type bridge struct {
	name    string
	socket  string
	bundles group[string]
	turn    chan struct{} // holds a token while it is being prepared

	mu       sync.Mutex
	conn     *openflow.Conn // nil while there is none
	prepared bool           // since conn was opened
	follower bool           // it follows somebody else, and fails open
	why      error          // why it could not be prepared when that was tried last
}

func userspace(b *bridgeRow) bool { return b.DatapathType == "netdev" }

// noBridge is the error for a bridge that does not exist.
func noBridge(name string) error {
	return vif.NotFound.Because("bridge %s does not exist on this host: create it with \"ovs-vsctl add-br %s\", or name another one", name, name)
}

// Bridge returns the bridge of that name, ready for ports of ours. The first call
// after ovs-vswitchd has started puts our base flows in; see prepare.
func (s *Switch) Bridge(ctx context.Context, name string) (vif.Bridge, error) {
	if _, err := s.ready(ctx, name); err != nil {
		return vif.Bridge{}, err
	}
	row := s.db.view().bridge(name)
	if row == nil {
		return vif.Bridge{}, noBridge(name)
	}
	return vif.Bridge{Name: name, Netdev: userspace(row)}, nil
}

// ready returns the bridge, prepared. Without its database, ovs-vswitchd answers
// for no bridge.
func (s *Switch) ready(ctx context.Context, name string) (*bridge, error) {
	if _, err := s.db.connected(); err != nil {
		return nil, err
	}
	b := s.bridge(name)
	if b.ready() {
		return b, nil
	}
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return nil, vif.Unavailable.From(ctx.Err(), "bridge %s is not ready yet", name)
	}
	if b.ready() {
		return b, nil
	}
	err := s.prepare(ctx, b)
	if b.tried(err) {
		s.config.Log.Warn("bridge is not ready", "bridge", name, "err", err)
		poke(s.lost)
	}
	if err == nil { // whoever asked first, and whatever became of the bridge before
		poke(s.restarted)
	}
	return b, err
}

// bridge returns the bridge of that name, which need not exist.
func (s *Switch) bridge(name string) *bridge {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bridges[name]
	if b == nil {
		b = &bridge{name: name, socket: filepath.Join(s.config.Sockets, name+".mgmt"), turn: make(chan struct{}, 1)}
		b.bundles.do, b.bundles.most = b.pour, 64
		s.bridges[name] = b
	}
	return b
}

// forget drops a bridge that does not exist.
func (s *Switch) forget(b *bridge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bridges, b.name)
}

// ready tells whether the bridge is prepared and has not gone away since.
func (b *bridge) ready() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.prepared && b.conn.Alive()
}

// tried notes what preparing the bridge came to, and tells whether it is news that
// it failed. A caller who went away says nothing of the bridge, and one that does not
// exist is forgotten.
func (b *bridge) tried(err error) (news bool) {
	if errors.Is(err, context.Canceled) || errors.Is(err, vif.NotFound) {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	news = b.why == nil && err != nil
	b.why = err
	return news
}

// trouble returns why the bridge could not be prepared when that was tried last, or nil.
func (b *bridge) trouble() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why
}

// follow notes whether the bridge follows somebody else.
func (b *bridge) follow(led bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.follower = led
}

// follows tells whether the bridge was found to follow somebody else.
func (b *bridge) follows() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.follower
}

// lost tells whether the bridge was ready and has gone away since.
func (b *bridge) lost() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.conn != nil && !b.conn.Alive()
}

// connection returns the connection to the bridge, or nil.
func (b *bridge) connection() *openflow.Conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn == nil || !b.conn.Alive() {
		return nil
	}
	return b.conn
}

// set exchanges the connection, which may be nil, and says whether the bridge is
// prepared. The old connection is closed.
func (b *bridge) set(c *openflow.Conn, prepared bool) {
	b.mu.Lock()
	old := b.conn
	b.conn, b.prepared = c, prepared && c != nil
	b.mu.Unlock()
	if old != nil && old != c {
		old.Close()
	}
}

// target names the bridge to ovs-ofctl.
func (b *bridge) target() string { return "unix:" + b.socket }

// dump returns the flows of the bridge that match.
func (b *bridge) dump(ctx context.Context, match *ovs.MatchFlow) ([]*ovs.Flow, error) {
	return ofctl(ctx, nil).OpenFlow.DumpFlowsWithFlowArgs(b.target(), match)
}

// valid tells whether the name can be that of a bridge: of its socket, too.
func valid(name string) bool { return name != "" && !strings.ContainsAny(name, "/\x00") }
