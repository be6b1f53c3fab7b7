// Package agent introduces the parts of vifd to each other: it starts them,
// decides when the host is looked at again, and stops them.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vifd/agent/api"
	"vifd/agent/hotplug"
	"vifd/agent/hypervisor"
	"vifd/agent/network/local"
	"vifd/agent/store"
	"vifd/vif/ovs"
	"vifd/vif/tap"
)

// What each part owes to those that call it.
var (
	_ hotplug.Authority  = (*local.Local)(nil)
	_ hotplug.Taps       = (*tap.Devices)(nil)
	_ hotplug.Switch     = (*ovs.Switch)(nil)
	_ hotplug.Hypervisor = (*hypervisor.Host)(nil)
	_ api.Attachments    = (*hotplug.Engine)(nil)
	_ api.Servers        = (*hypervisor.Host)(nil)
	_ api.Networking     = (*local.Local)(nil)
)

// stopTime bounds what is waited for when vifd is told to stop.
const stopTime = 8 * time.Second
