package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"vifd/agent/api"
	"vifd/agent/hotplug"
	"vifd/agent/notify"
	"vifd/vif/tap"
)

// ConfigFile is where the configuration is unless somebody says otherwise.
const ConfigFile = "/etc/vifd/vifd.toml"

// A Config is what vifd serves with: complete, and checked.
type Config struct {
	Host     string     // this host's name, as clients see it
	LogLevel slog.Level //
	StateDir string     // where the store is
	Socket   Socket     // where the API is served, unless systemd hands over a socket
	Libvirt  string     // a URI of this host's libvirt
	OVS      OVS
	Network  NetworkDefaults
	Taps     tap.Owner
	Engine   hotplug.Limits
	API      api.Limits
	Listen   []Listen // where the API is served beside the socket
	Older    api.Older
	Nova     notify.Config // which Nova is told, where Engine.Notices has it that one is
	Resync   time.Duration // how often everything is looked at when nothing says that it changed

	raw rawConfig
}

// A Socket is a unix socket and who may connect to it.
type Socket struct {
	Path  string
	Mode  os.FileMode
	Group string // "" leaves it to the one vifd runs as
}

// OVS is where Open vSwitch is found.
type OVS struct {
	Database string // the path of ovsdb-server's unix socket
	RunDir   string // where the management sockets of the bridges are
}

// NetworkDefaults are what networks of the local authority get when nobody says
// otherwise.
type NetworkDefaults struct {
	Bridge     string
	MTU        int
	Quarantine time.Duration // a released address is not given out again for this long
}

// LoadConfig returns the configuration in the file at path. A file that does
// not exist stands for the defaults. Every fault of the file is in the error.
func LoadConfig(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	return ParseConfig(path, text)
}

// ParseConfig returns the configuration in text; name is what errors call it.
func ParseConfig(name string, text []byte) (Config, error) {
	raw := defaults()
	unknown, err := decode(name, text, &raw)
	if err != nil {
		return Config{}, err
	}
	c, err := raw.config()
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	if err = errors.Join(unknown, err); err != nil {
		return Config{}, err
	}
	return c, nil
}
