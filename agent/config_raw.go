package agent

import (
	_ "embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// ConfigSample is a configuration file in which every key is explained, and
// stands commented out at its default.
//
//go:embed config_sample.toml
var ConfigSample string

// A rawConfig is the file as it is written. config_sample.toml explains it.
type rawConfig struct {
	HostName       string     `toml:"host_name"`
	LogLevel       level      `toml:"log_level"`
	StateDirectory string     `toml:"state_directory"`

	Socket struct {
		Path  string `toml:"path"`
		Mode  mode   `toml:"mode"`
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
		Bridge     string   `toml:"bridge"`
		MTU        int      `toml:"mtu"`
		Quarantine duration `toml:"quarantine"`
	} `toml:"network"`

	NIC struct {
		Owner      string `toml:"owner"`
		Multiqueue bool   `toml:"multiqueue"`
		MaxQueues  int    `toml:"max_queues"`
	} `toml:"nic"`

	Timeouts struct {
		ActiveWait duration `toml:"active_wait"`
		Attach     duration `toml:"attach"`
		Detach     duration `toml:"detach"`
		Undo       duration `toml:"undo"`
	} `toml:"timeouts"`

	Limits struct {
		Connections        int      `toml:"connections"`
		ConnectionsPerUser int      `toml:"connections_per_user"`
		HeaderTime         duration `toml:"header_time"`
		BodyTime           duration `toml:"body_time"`
		IdleTime           duration `toml:"idle_time"`
	} `toml:"limits"`
}

func defaults() rawConfig {
	var r rawConfig
	r.StateDirectory = "/var/lib/vifd"
	r.Socket.Path, r.Socket.Mode, r.Socket.Group = "/run/vifd/vifd.sock", mode{0o660}, "vifd"
	r.Libvirt.URI = "qemu:///system"
	r.OVS.Database, r.OVS.RunDirectory = "/run/openvswitch/db.sock", "/run/openvswitch"
	r.Network.Bridge, r.Network.MTU, r.Network.Quarantine = "br-int", 1500, duration{time.Minute}
	r.NIC.MaxQueues = 8
	r.Timeouts.ActiveWait, r.Timeouts.Attach = duration{2 * time.Second}, duration{30 * time.Second}
	r.Timeouts.Detach, r.Timeouts.Undo = duration{20 * time.Second}, duration{30 * time.Second}
	r.Limits.Connections, r.Limits.ConnectionsPerUser = 512, 128
	r.Limits.HeaderTime, r.Limits.BodyTime = duration{5 * time.Second}, duration{10 * time.Second}
	r.Limits.IdleTime = duration{time.Minute}
	return r
}

// String returns the configuration as a file that says all of it.
func (c Config) String() string {
	text, err := toml.Marshal(c.raw)
	if err != nil {
		return fmt.Sprintf("# %v\n", err)
	}
	return string(text)
}

// These are structs, so that the file cannot have a bare number for them.
type (
	duration struct{ time.Duration } // written as "1m30s"
	mode     struct{ fs.FileMode }   // written as chmod has it, "0660"
	level    struct{ slog.Level }    // written as slog has it, "INFO"
)

func (d duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a time span such as \"2s\" or \"1m30s\"", text)
	}
	d.Duration = parsed
	return nil
}

func (m mode) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", m.FileMode), nil }

func (m *mode) UnmarshalText(text []byte) error {
	parsed, err := strconv.ParseUint(string(text), 8, 9)
	if err != nil {
		return fmt.Errorf("%q is not a file mode such as \"0660\"", text)
	}
	m.FileMode = fs.FileMode(parsed)
	return nil
}
