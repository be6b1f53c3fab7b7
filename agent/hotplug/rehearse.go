package hotplug

import (
	"context"
	"errors"
	"fmt"

	"vifd/agent/store"
	"vifd/vif"
)

// errRehearsed ends a transaction that shall leave nothing behind.
var errRehearsed = errors.New("rehearsed")

// Plan says what Attach would do with r, step by step, and does none of it. What
// Attach would refuse, Plan refuses in the same words.
func (e *Engine) Plan(ctx context.Context, r vif.Request) ([]vif.Planned, error) {
	srv, err := e.look(ctx, r, 1)
	if err != nil {
		return nil, err
	}
	p, err := e.Authority.Preview(ctx, r)
	if err != nil {
		return nil, err
	}
	n, err := e.rehearse(ctx, r, srv, p)
	if err != nil {
		return nil, err
	}
	xml, err := e.Hypervisor.XML(n)
	if err != nil {
		return nil, err
	}
	transaction, flows := e.Switch.Describe(n)
	return []vif.Planned{
		{Step: stepClaim, Does: fmt.Sprintf("port %s with MAC %s and addresses %s", name(r, p), p.MAC, addresses(p))},
		{Step: stepTap, Does: fmt.Sprintf("tap %s, MTU %d, %d queue(s)", n.Tap, p.MTU, n.Queues)},
		{Step: stepFilter, Does: fmt.Sprintf("rules for OpenFlow port %d on %s", n.OFPort, p.Segment.Bridge), Detail: flows},
		{Step: stepPlug, Does: fmt.Sprintf("switch port %s on %s, VLAN %d", n.Tap, p.Segment.Bridge, p.Segment.VLAN), Detail: transaction},
		{Step: stepShow, Does: fmt.Sprintf("NIC %s for %s (%s)", n.DeviceAlias(), srv.Name, srv.State), Detail: xml},
	}, nil
}

// rehearse returns the NIC that note would write down.
func (e *Engine) rehearse(ctx context.Context, r vif.Request, srv vif.Server, p vif.Port) (vif.NIC, error) {
	bridge, err := e.bridge(ctx, p)
	if err != nil {
		return vif.NIC{}, err
	}
	n := vif.NIC{
		Port: p, Server: r.Server, Tag: r.Tag, Tap: vif.TapName(p.ID, 0),
		Queues: e.queues(srv), Offload: !bridge.Netdev,
	}
	err = e.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if n.OFPort, err = tx.FreeOFPort(bridge.Name); err != nil {
			return err
		}
		return errRehearsed
	})
	if !errors.Is(err, errRehearsed) {
		return n, err
	}
	return n, nil
}

// name is what a plan calls its port: one that is only made by the attach has no
// ID yet that would last.
func name(r vif.Request, p vif.Port) string {
	if r.Port == "" {
		return "(new)"
	}
	return p.ID
}

func addresses(p vif.Port) (list []string) {
	for _, ip := range p.FixedIPs {
		list = append(list, ip.Address.String())
	}
	return list
}
