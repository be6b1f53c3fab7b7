package agent

import (
	_ "embed"
	"fmt"

	"github.com/pelletier/go-toml/v2"
)

// ConfigSample is a configuration file in which every key is explained, and
// stands commented out at its default.
//
//go:embed config_sample.toml
var ConfigSample string

// A rawConfig is the file as it is written. config_sample.toml explains it.
type rawConfig struct {
	HostName       string `toml:"host_name"`
	LogLevel       string `toml:"log_level"`
	StateDirectory string `toml:"state_directory"`

	Socket struct {
		Path  string `toml:"path"`
		Mode  string `toml:"mode"`
		Group string `toml:"group"`
	} `toml:"socket"`

	Libvirt struct {
		URI string `toml:"uri"`
	} `toml:"libvirt"`

	OVS struct {
		Database     string `toml:"database"`
		RunDirectory string `toml:"run_directory"`
	} `toml:"ovs"`

	Network struct {
		Bridge     string `toml:"bridge"`
		MTU        int    `toml:"mtu"`
		Quarantine string `toml:"quarantine"`
	} `toml:"network"`

	NIC struct {
		Owner      string `toml:"owner"`
		Multiqueue bool   `toml:"multiqueue"`
		MaxQueues  int    `toml:"max_queues"`
	} `toml:"nic"`

	Timeouts struct {
		ActiveWait string `toml:"active_wait"`
		Attach     string `toml:"attach"`
		Detach     string `toml:"detach"`
		Undo       string `toml:"undo"`
		Stop       string `toml:"stop"`
		Look       string `toml:"look"`
	} `toml:"timeouts"`

	Limits struct {
		Connections        int    `toml:"connections"`
		ConnectionsPerUser int    `toml:"connections_per_user"`
		HeaderTime         string `toml:"header_time"`
		BodyTime           string `toml:"body_time"`
		IdleTime           string `toml:"idle_time"`
		EventStreams       int    `toml:"event_streams"`
		Heartbeat          string `toml:"heartbeat"`
	} `toml:"limits"`

	Compute struct {
		VirtualInterfaces string `toml:"virtual_interfaces"`
	} `toml:"compute"`

	Rackspace struct {
		GetsPerMinute    int `toml:"gets_per_minute"`
		PostsPerMinute   int `toml:"posts_per_minute"`
		DeletesPerMinute int `toml:"deletes_per_minute"`
	} `toml:"rackspace"`

	Nova rawNova `toml:"nova"`

	Listen []rawListen `toml:"listen,omitempty"`
}

func defaults() rawConfig {
	var r rawConfig
	r.LogLevel, r.StateDirectory = "INFO", "/var/lib/vifd"
	r.Socket.Path, r.Socket.Mode, r.Socket.Group = "/run/vifd/vifd.sock", "0660", "vifd"
	r.Libvirt.URI = "qemu:///system"
	r.OVS.Database, r.OVS.RunDirectory = "/run/openvswitch/db.sock", "/run/openvswitch"
	r.Network.Bridge, r.Network.MTU, r.Network.Quarantine = "br-int", 1500, "60s"
	r.NIC.MaxQueues = 8
	r.Timeouts.ActiveWait, r.Timeouts.Attach = "2s", "30s"
	r.Timeouts.Detach, r.Timeouts.Undo, r.Timeouts.Stop = "10s", "30s", "8s"
	r.Timeouts.Look = "30s"
	r.Limits.Connections, r.Limits.ConnectionsPerUser = 512, 128
	r.Limits.HeaderTime, r.Limits.BodyTime, r.Limits.IdleTime = "5s", "10s", "60s"
	r.Compute.VirtualInterfaces = "list"
	r.Rackspace.GetsPerMinute, r.Rackspace.PostsPerMinute = 25, 4
	r.Nova = defaultNova()
	r.Limits.EventStreams, r.Limits.Heartbeat = 64, "15s"
	return r
}

// Values returns all that String says, by section and key.
func (c Config) Values() (values map[string]any, err error) {
	return values, toml.Unmarshal([]byte(c.String()), &values)
}

// String returns the configuration as a file that says all of it.
func (c Config) String() string {
	text, err := toml.Marshal(c.raw)
	if err != nil {
		return fmt.Sprintf("# %v\n", err)
	}
	return string(text)
}
