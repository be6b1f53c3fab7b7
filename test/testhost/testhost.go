// Package testhost is a whole hypervisor host in namespaces of its own: Open
// vSwitch, libvirt, QEMU guests and vifd, on tmpfs, with none of it to be seen
// from outside. Several hosts fit on one machine, and when the program that
// brought one up ends, however it ends, the kernel ends all that ran in it.
//
// It wants root, and the Debian packages that "make deps" installs.
package testhost

import (
	"os"
	"path/filepath"
)

// Options say what a host has. The zero Options is a host with Open vSwitch
// (br-int) and libvirt, and nothing more.
type Options struct {
	Vifd     bool      // run vifd: the binary $VIFD, or this module's, built anew
	Config   string    // vifd's configuration in TOML; "" leaves vifd without a file
	Guests   []Guest   // defined and started
	Networks []Network // made through vifd's API, so only with Vifd
}

// A Guest says what a guest is like. All but Name may be left zero.
type Guest struct {
	Name      string
	VCPUs     int  // 1 unless said
	Slots     int  // spare PCI Express root ports; 8 unless said, -1 for none
	Old       bool // an i440fx, which has PCI and no PCI Express
	Transient bool // created, not defined: it is gone when it is off
	Firmware  bool // has no OS and sits in its firmware: it never lets go of a NIC
	Off       bool // defined, not started
}

// A Network is a network on VLAN of br-int, with a subnet for each of CIDRs.
type Network struct {
	Name  string
	VLAN  int
	CIDRs []string
}

// Whole returns the host that people and the end-to-end tests use: vifd, the
// guests g1 and g2, and the networks blue and red.
func Whole() Options {
	return Options{
		Vifd:   true,
		Guests: []Guest{{Name: "g1"}, {Name: "g2"}},
		Networks: []Network{
			{Name: "blue", VLAN: 100, CIDRs: []string{"10.20.0.0/24", "fd00:20::/64"}},
			{Name: "red", VLAN: 200, CIDRs: []string{"10.30.0.0/24"}},
		},
	}
}

// A Host is the host that this process runs in.
type Host struct {
	Dir    string // VIFD_HOST_DIR: the logs of all that runs, and guests/g1.log
	Socket string // VIFD_SOCKET: where vifd listens
	Binary string // VIFD: the vifd binary, or ""

	// What runs in it. Vifd is nil on a host without.
	OVSDB, VSwitchd, Virtlogd, Libvirtd, Vifd *Daemon

	networks []Network
	kernel   string
	initrd   string
}

// Here returns the host that this process was started in, for what does not
// need to own the daemons: guests and peers.
func Here() *Host {
	return &Host{
		Dir:      os.Getenv("VIFD_HOST_DIR"),
		Socket:   os.Getenv("VIFD_SOCKET"),
		Binary:   os.Getenv("VIFD"),
		networks: Whole().Networks,
	}
}

func (h *Host) path(elem ...string) string {
	return filepath.Join(append([]string{h.Dir}, elem...)...)
}
