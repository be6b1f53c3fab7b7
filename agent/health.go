package agent

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"vifd/vif"
)

// A pulse answers how vifd is.
type pulse struct {
	version string
	since   time.Time
	ready   atomic.Bool // the first pass is through
	parts   func() []vif.Part
	ports   func(context.Context) (int, error)
}

// Health returns how vifd and what it depends on are. vifd is ready once the
// first pass is through: what a later change needs, it says itself.
func (p *pulse) Health(ctx context.Context) vif.Health {
	why := p.Ready()
	h := vif.Health{Ready: why == "", Why: why, Version: p.version, Since: p.since, Parts: p.parts()}
	n, err := p.ports(ctx)
	if err != nil {
		h.Ready, h.Why = false, vif.Shown(err)
	}
	h.Ports = n
	return h
}

// Ready returns "" when the first pass is through, and else why not. That the store
// cannot be read or written a change finds out by itself.
func (p *pulse) Ready() string {
	if p.ready.Load() {
		return ""
	}
	return "vifd has just started and is looking at the host"
}

// filtering adds what is not as it could be on bridges that follow somebody else.
func filtering(p vif.Part, open []string) vif.Part {
	if p.OK && len(open) > 0 {
		p.Why = fmt.Sprintf("%s: a controller, or flows that are not vifd's, lead there, so that ports are not filtered from when ovs-vswitchd starts "+
			"until vifd has put their rules back", strings.Join(open, ", "))
	}
	return p
}

// part says how one of the things is that vifd depends on.
func part(name string, err error) vif.Part {
	if err == nil {
		return vif.Part{Name: name, OK: true}
	}
	if why := vif.Shown(err); why != "" {
		return vif.Part{Name: name, Why: why}
	}
	return vif.Part{Name: name, Why: err.Error()}
}
