package vif

import (
	"strings"
	"time"
)

// A Server is a libvirt domain.
type Server struct {
	ID         string // its UUID
	Name       string // the name that people know it by: Nova's where Nova made it, else libvirt's
	Domain     string // libvirt's name
	Project    string // from Nova's metadata, or vifd's own; "" when nobody says
	User       string
	State      ServerState
	Live       bool // QEMU runs
	Persistent bool
	VCPUs      int
	MemoryMiB  int
	FreeSlots  int  // hot-pluggable PCI slots that are empty
	Slots      bool // whether FreeSlots limits a hot-plug: the machine has PCI Express root ports
	NICs       []ServerNIC
	Noted      []string // the ports that vifd's metadata says were plugged in
	Flavor     string   // from Nova's metadata
	Image      string
	Created    time.Time // zero when nobody says
	UpSince    time.Time
	Locked     bool
	LockReason string
}

// NIC returns s's live (or, when s is off, persistent) NIC with the alias.
func (s Server) NIC(alias string) (ServerNIC, bool) {
	for _, n := range s.NICs {
		if n.Alias == alias {
			return n, true
		}
	}
	return ServerNIC{}, false
}

// A ServerNIC is a NIC as the domain XML has it.
type ServerNIC struct {
	Alias   string
	MAC     string
	Tap     string
	Model   string
	MTU     int
	PCI     string // as 0000:01:00.0, or ""
	Link    bool   // <link state>
	Queues  int    // pairs of queues; 0: it does not say, which means one
	Offload bool   // checksums are not left to the guest
	Tag     Tag    // from vifd's metadata

	// Barred says of a NIC in a definition that it cannot be where the guest has it:
	// the definition has something else there.
	Barred bool
}

// Port returns the port whose NIC it is; ours is false for one that is not ours.
func (n ServerNIC) Port() (port string, ours bool) {
	return strings.CutPrefix(n.Alias, DeviceAliasPrefix)
}

// A ServerState is what a server does; the words are Nova's vm_state.
type ServerState string

// The states of a server.
const (
	ServerActive    ServerState = "active"
	ServerPaused    ServerState = "paused"
	ServerStopped   ServerState = "stopped"
	ServerSuspended ServerState = "suspended" // pmsuspended, or saved to disk
	ServerCrashed   ServerState = "error"
	ServerBuilding  ServerState = "building" // starting, or migrating in
	ServerShutting  ServerState = "shutting-down"
)
