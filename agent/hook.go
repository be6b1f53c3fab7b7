package agent

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"vifd/agent/store"
	"vifd/libvirtxml"
	"vifd/vif"
	"vifd/vif/ovs"
	"vifd/vif/tap"
)

// maxDomain is the longest domain XML that a hook is given, in bytes.
const maxDomain = 4 << 20

// StartingServer returns the ID of the server whose XML libvirt gives to a hook.
func StartingServer(domain io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(domain, maxDomain+1))
	if err != nil {
		return "", err
	}
	d, err := libvirtxml.Parse(string(text))
	return d.Server.ID, err
}

// Prepare makes what a server needs that is about to start while no vifd runs, by
// the copy that the last one kept: first its taps, which QEMU opens, and then
// rules and switch ports, as far as Open vSwitch answers before ctx ends. A tap
// stays down until all of that is done: without its rules it carries nothing, and
// the next vifd does the rest.
func Prepare(ctx context.Context, c Config, p Process, server string) error {
	kept, err := copyOf(c.StateDir, server)
	if err != nil || len(kept.Attachments) == 0 {
		return err
	}
	taps, err := tap.Open(c.Taps)
	if err != nil {
		return err
	}
	defer taps.Close()
	var nics []vif.NIC
	for _, at := range kept.Attachments {
		if at.Desired == store.Attached && at.Settled {
			nics = append(nics, at.NIC)
			err = errors.Join(err, taps.Create(ctx, at.NIC))
		}
	}
	if err != nil {
		return err
	}
	s := ovs.New(ovs.Config{Database: c.OVS.Database, Sockets: c.OVS.RunDir, Index: taps.Index, Log: p.Log})
	reach, letGo := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(reach) }()
	for _, n := range nics {
		err = errors.Join(err, join(ctx, s, taps, n))
	}
	letGo()
	return errors.Join(err, <-ended)
}

// join does the switch's part of a NIC, and raises its tap.
func join(ctx context.Context, s *ovs.Switch, taps *tap.Devices, n vif.NIC) error {
	for s.Healthy() != nil {
		wait(ctx, 10*time.Millisecond)
		if ctx.Err() != nil {
			return s.Healthy()
		}
	}
	if _, err := s.Bridge(ctx, n.Port.Segment.Bridge); err != nil {
		return err
	}
	steps := []func(context.Context, vif.NIC) error{s.Filter, s.Wired, taps.Raise}
	index, _ := taps.Index(n.Tap)
	if p, there := s.Port(n); !there || p.OFPort != n.OFPort || p.Index != index {
		steps = slices.Insert(steps, 1, s.Retire, s.Plug) // ovs-vswitchd may have a tap that went
	}
	for _, do := range steps {
		if err := do(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
