package vif

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// A NIC is a port on its way into a server, in it, or on its way out: what each
// step of an attach needs to know.
type NIC struct {
	Port    Port   `json:"port"`
	Server  string `json:"server"`
	Tag     Tag    `json:"tag"`
	Tap     string `json:"tap"`        // the name of the host's end; at most 15 bytes
	OFPort  int    `json:"ofport"`     // the OpenFlow port number it is pinned to
	Gen     int64  `json:"gen"`        // which attachment of the port this is; grows
	Queues  int    `json:"queues"`     // pairs of virtio queues; 0 and 1 mean one
	Offload bool   `json:"offload"`    // checksum and segmentation offloads may be on
	Link    Link   `json:"link_state"` // what the server sees of it
	PCI     string `json:"pci"`        // the NIC's address in the guest, as 0000:01:00.0, or "" while unknown
}

// TapName returns the name of a port's tap: "tap" and the first 11 characters
// of its ID, as everywhere in OpenStack. A salt other than 0 gives another name
// for the same port, for when the first one is taken by a stranger.
func TapName(port string, salt int) string {
	if salt == 0 {
		return "tap" + port[:min(11, len(port))]
	}
	id := strings.ReplaceAll(port, "-", "")
	return fmt.Sprintf("vt%x%s", salt&0xf, id[max(0, len(id)-12):])
}

// TapAlias returns what marks a tap as ours (IFLA_IFALIAS).
func (n NIC) TapAlias() string { return fmt.Sprintf("vifd:%s:%d", n.Port.ID, n.Gen) }

// ParseTapAlias reads what TapAlias wrote; ok is false for any other text.
func ParseTapAlias(alias string) (port string, gen int64, ok bool) {
	rest, ok := strings.CutPrefix(alias, "vifd:")
	if !ok {
		return "", 0, false
	}
	port, digits, _ := strings.Cut(rest, ":")
	gen, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return "", 0, false
	}
	return port, gen, true
}

// DeviceAliasPrefix begins the libvirt alias of every NIC of ours.
const DeviceAliasPrefix = "ua-vifd-"

// DeviceAlias returns the libvirt alias of the port's NIC (<alias name>), by
// which alone it is found again.
func (n NIC) DeviceAlias() string { return DeviceAliasPrefix + n.Port.ID }

// A Tap is a tap device of ours as found on the host.
type Tap struct {
	Name    string
	Index   int
	Port    string // from its alias
	Gen     int64
	MTU     int
	Up      bool // administratively
	Carrier bool // somebody, that is QEMU, holds its other end
	Loud    bool // the kernel gave it an IPv6 address, by which the guest could reach this host
}

// A SwitchPort is a port on a bridge as found in OVSDB.
type SwitchPort struct {
	UUID    string // of the Port row
	Bridge  string
	Name    string // of the port and of its one interface
	Port    string // from external_ids vifd-port; "" for one that is not ours
	Gen     int64  // from external_ids vifd-gen
	OFPort  int    // 0: not processed yet; -1: failed
	Error   string // why it failed
	Index   int    // the ifindex that the switch uses; 0 while unknown
	VLAN    int
	MTU     int
	MAC     string // external_ids attached-mac
	Carrier bool   // link_state

	// What external_ids say for the case that nothing else does any more.
	Server    string // vm-id
	Network   string // a Network's ID
	Addresses string // of the port, with commas between them
	Secure    bool   // what the guest sends is filtered
	Groups    string // the port's SecurityGroups, with commas between them
}

// The first byte of the cookie of every flow of ours, and what selects it.
const (
	CookieMark = uint64('V') << 56
	CookieMask = uint64(0xff) << 56
)

// Cookie returns the cookie of the flows of the port with that ID: a byte that
// marks them as ours, and 56 bits of the ID's SHA-256.
func Cookie(port string) uint64 {
	sum := sha256.Sum256([]byte(port))
	return CookieMark | binary.BigEndian.Uint64(sum[:8])&^CookieMask
}

// Rules are the flows of ours that a bridge has, beside those that it should have.
type Rules struct {
	Base   bool            // those that belong to no port are in place, where they are ours to keep
	Astray map[string]bool // ports of which some are missing, or that have others besides
	Strays []uint64        // cookies of others
}

// A Bridge is an Open vSwitch bridge that is ready for ports of ours.
type Bridge struct {
	Name   string
	Netdev bool // datapath_type=netdev: packets are handled in user space, without offloads
}

// An Attachment is a NIC and the truth about it.
type Attachment struct {
	NIC
	State  State
	Reason string // why State is not ACTIVE; for operators
}
