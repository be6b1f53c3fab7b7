package agent

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vifd/agent/api"
	"vifd/agent/hotplug"
	"vifd/vif/tap"
)

// config returns r in real types, or all that is wrong with it.
func (r rawConfig) config() (Config, error) {
	if r.HostName == "" {
		name, err := os.Hostname()
		if err != nil {
			return Config{}, fmt.Errorf("host_name: %w", err)
		}
		r.HostName = name
	}
	owner, err := tapOwner(r.NIC.Owner)
	if err := errors.Join(err, r.check()); err != nil {
		return Config{}, err
	}
	return Config{
		Host:     r.HostName,
		LogLevel: r.LogLevel.Level,
		StateDir: r.StateDirectory,
		Socket:   Socket{r.Socket.Path, r.Socket.Mode.FileMode, r.Socket.Group},
		Libvirt:  r.Libvirt.URI,
		OVS:      OVS{r.OVS.Database, r.OVS.RunDirectory},
		Network:  NetworkDefaults{r.Network.Bridge, r.Network.MTU, r.Network.Quarantine.Duration},
		Taps:     owner,
		Engine:   r.engine(),
		API:      r.api(),
		raw:      r,
	}, nil
}

func (r rawConfig) engine() hotplug.Limits {
	queues := 1
	if r.NIC.Multiqueue {
		queues = r.NIC.MaxQueues
	}
	return hotplug.Limits{
		Active:    r.Timeouts.ActiveWait.Duration,
		Attach:    r.Timeouts.Attach.Duration,
		Detach:    r.Timeouts.Detach.Duration,
		Undo:      r.Timeouts.Undo.Duration,
		MaxQueues: queues,
	}
}

func (r rawConfig) api() api.Limits {
	return api.Limits{
		Header:  r.Limits.HeaderTime.Duration,
		Body:    r.Limits.BodyTime.Duration,
		Idle:    r.Limits.IdleTime.Duration,
		Attach:  r.Timeouts.Attach.Duration + r.Timeouts.Undo.Duration, // an attach that fails is undone before it is answered
		Conns:   r.Limits.Connections,
		PerUser: r.Limits.ConnectionsPerUser,
	}
}

// check returns an error for each key whose value cannot be.
func (r rawConfig) check() error {
	const longest = 10 * time.Minute
	return errors.Join(
		word("host_name", r.HostName, 253),
		path("state_directory", r.StateDirectory),
		socket("socket.path", r.Socket.Path),
		localURI("libvirt.uri", r.Libvirt.URI),
		socket("ovs.database", r.OVS.Database),
		path("ovs.run_directory", r.OVS.RunDirectory),
		word("network.bridge", r.Network.Bridge, 15),
		between("network.mtu", r.Network.MTU, 68, 65521),
		span("network.quarantine", r.Network.Quarantine, 0, 24*time.Hour),
		between("nic.max_queues", r.NIC.MaxQueues, 1, 256),
		span("timeouts.active_wait", r.Timeouts.ActiveWait, 0, longest),
		span("timeouts.attach", r.Timeouts.Attach, time.Second, longest),
		span("timeouts.detach", r.Timeouts.Detach, time.Second, longest),
		span("timeouts.undo", r.Timeouts.Undo, time.Second, longest),
		between("limits.connections", r.Limits.Connections, 1, 1<<16),
		between("limits.connections_per_user", r.Limits.ConnectionsPerUser, 1, 1<<16),
		span("limits.header_time", r.Limits.HeaderTime, time.Second, longest),
		span("limits.body_time", r.Limits.BodyTime, time.Second, longest),
		span("limits.idle_time", r.Limits.IdleTime, time.Second, longest),
	)
}

// guestUser is who Debian's and Ubuntu's libvirt runs guests as.
const guestUser = "libvirt-qemu"

// tapOwner returns the user of that name; with none, the one that guests run
// as, or root where there is no such user.
func tapOwner(name string) (tap.Owner, error) {
	root := tap.Owner{UID: -1, GID: -1}
	u, err := user.Lookup(name)
	if name == "" {
		if u, err = user.Lookup(guestUser); err != nil {
			return root, nil
		}
	}
	if err != nil {
		return root, fmt.Errorf("nic.owner: there is no user %q on this host", name)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return root, fmt.Errorf("nic.owner: user %q has the number %q", name, u.Uid)
	}
	return tap.Owner{UID: uid, GID: -1}, nil
}

func word(key, value string, longest int) error {
	if value == "" || len(value) > longest || strings.ContainsAny(value, " \t\n/\"'") {
		return fmt.Errorf("%s: %q must be 1 to %d characters, without blanks, quotes and slashes", key, value, longest)
	}
	return nil
}

func path(key, value string) error {
	if !filepath.IsAbs(value) {
		return fmt.Errorf("%s: %q must be an absolute path", key, value)
	}
	return nil
}

// socket allows what fits the kernel's struct sockaddr_un.
func socket(key, value string) error {
	if len(value) > 107 {
		return fmt.Errorf("%s: the path of a socket has at most 107 characters, and this has %d", key, len(value))
	}
	return path(key, value)
}

func localURI(key, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host != "" || strings.Contains(u.Scheme, "+ssh") || strings.Contains(u.Scheme, "+t") {
		return fmt.Errorf("%s: %q must be a URI of this host's libvirt, such as \"qemu:///system\"", key, value)
	}
	return nil
}

func between(key string, value, least, most int) error {
	if value < least || value > most {
		return fmt.Errorf("%s: %d must be %d to %d", key, value, least, most)
	}
	return nil
}

func span(key string, value duration, least, most time.Duration) error {
	if v := value.Duration; v < least || v > most {
		return fmt.Errorf("%s: %q must be %q to %q", key, v, least, most)
	}
	return nil
}
