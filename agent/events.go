package agent

import (
	"context"
	"time"

	"vifd/agent/hotplug"
	"vifd/vif"
)

// connectTime is how long the first pass waits for Open vSwitch and libvirt to
// be connected, so that a host on which all is well is looked at once.
const connectTime = 2 * time.Second

// hear asks for a look whenever the kernel or Open vSwitch says that something
// changed, as libvirt does by itself. What has changed is for the look to find.
func (a *agent) hear(ctx context.Context) {
	taps := a.taps.Watch(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-taps:
			a.loop.again(hotplug.Look{})
		case <-a.ovs.Changed():
			a.loop.again(hotplug.Look{})
		case <-a.ovs.Restarted():
			a.loop.again(hotplug.Look{All: true})
		}
	}
}

// look is what to look at when libvirt said that a server changed, or, with "",
// that its connection is new.
func look(server string) hotplug.Look {
	if server == "" {
		return hotplug.Look{All: true}
	}
	return hotplug.Look{Servers: []string{server}}
}

// settle waits a moment for what the first pass would look at.
func (a *agent) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if a.ovs.Healthy() == nil && a.host.Up() == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// parts says how what vifd depends on is, and who depends on it.
func (a *agent) parts() []vif.Part {
	all := []vif.Part{
		part("store", a.store.Failed()), filtering(part("openvswitch", a.ovs.Whole()), a.ovs.Following()), part("libvirt", a.host.Whole()),
	}
	if a.nova != nil {
		all = append(all, part("nova", a.nova.Healthy()))
	}
	return all
}
