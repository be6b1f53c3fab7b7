package agent

import (
	"os"
	"time"

	"vifd/agent/api"
	"vifd/agent/hotplug"
	"vifd/vif/tap"
)

// longest is the longest time that anything may be waited for.
const longest = 10 * time.Minute

// mostRate is the most of anything that may be allowed a minute; 0 is no limit.
const mostRate = 1_000_000

// config returns r in real types, or all that is wrong with it.
func (r rawConfig) config() (Config, error) {
	var c checker
	if r.HostName == "" {
		var err error
		r.HostName, err = os.Hostname()
		c.note("host_name", err)
	}
	checked := Config{
		Host:     c.word("host_name", r.HostName, 253),
		LogLevel: c.level("log_level", r.LogLevel),
		StateDir: c.path("state_directory", r.StateDirectory),
		Socket: Socket{
			Path:  c.socket("socket.path", r.Socket.Path),
			Mode:  c.mode("socket.mode", r.Socket.Mode),
			Group: r.Socket.Group,
		},
		Libvirt: c.localURI("libvirt.uri", r.Libvirt.URI),
		OVS: OVS{
			Database: c.socket("ovs.database", r.OVS.Database),
			RunDir:   c.path("ovs.run_directory", r.OVS.RunDirectory),
		},
		Network: NetworkDefaults{
			Bridge:     c.word("network.bridge", r.Network.Bridge, 15),
			MTU:        c.between("network.mtu", r.Network.MTU, 68, 65521),
			Quarantine: c.span("network.quarantine", r.Network.Quarantine, 0, 24*time.Hour),
		},
		Taps:   tap.Owner{UID: c.user("nic.owner", r.NIC.Owner), GID: -1},
		Engine: r.engine(&c),
		API:    r.api(&c),
		Listen: r.listens(&c),
		Older:  r.older(&c),
		Resync: c.span("timeouts.look", r.Timeouts.Look, time.Second, time.Hour),
		Nova:   r.Nova.config(&c),
		raw:    r,
	}
	checked.Engine.Notices = r.Nova.Enabled
	checked.API.Attach = checked.Engine.Attach
	return checked, c.err()
}

func (r rawConfig) engine(c *checker) hotplug.Limits {
	queues := c.between("nic.max_queues", r.NIC.MaxQueues, 1, 256)
	if !r.NIC.Multiqueue {
		queues = 1
	}
	return hotplug.Limits{
		Active:    c.span("timeouts.active_wait", r.Timeouts.ActiveWait, 0, longest),
		Attach:    c.span("timeouts.attach", r.Timeouts.Attach, time.Second, longest),
		Detach:    c.span("timeouts.detach", r.Timeouts.Detach, time.Second, longest),
		Undo:      c.span("timeouts.undo", r.Timeouts.Undo, time.Second, longest),
		MaxQueues: queues,
	}
}

func (r rawConfig) api(c *checker) api.Limits {
	return api.Limits{
		Header:  c.span("limits.header_time", r.Limits.HeaderTime, time.Second, longest),
		Body:    c.span("limits.body_time", r.Limits.BodyTime, time.Second, longest),
		Grace:   c.span("timeouts.stop", r.Timeouts.Stop, time.Second, time.Minute),
		Idle:    c.span("limits.idle_time", r.Limits.IdleTime, time.Second, longest),
		Conns:   c.between("limits.connections", r.Limits.Connections, 1, 1<<16),
		PerUser: c.between("limits.connections_per_user", r.Limits.ConnectionsPerUser, 1, 1<<16),
		Streams: c.between("limits.event_streams", r.Limits.EventStreams, 1, 1<<16),

		Heartbeat: c.span("limits.heartbeat", r.Limits.Heartbeat, time.Second, time.Minute),
	}
}

func (r rawConfig) older(c *checker) api.Older {
	return api.Older{
		Gone: c.oneOf("compute.virtual_interfaces", r.Compute.VirtualInterfaces, "list", "gone") == "gone",
		Rates: api.Rates{
			Get:    c.between("rackspace.gets_per_minute", r.Rackspace.GetsPerMinute, 0, mostRate),
			Post:   c.between("rackspace.posts_per_minute", r.Rackspace.PostsPerMinute, 0, mostRate),
			Delete: c.between("rackspace.deletes_per_minute", r.Rackspace.DeletesPerMinute, 0, mostRate),
		},
	}
}
