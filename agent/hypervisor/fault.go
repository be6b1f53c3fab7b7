package hypervisor

import (
	"errors"
	"slices"
	"strings"

	"libvirt.org/go/libvirt"

	"vifd/vif"
)

// A fault is how an error of libvirt is told apart from others, and what it
// means. libvirt has one code for many things; then its text decides.
type fault struct {
	code libvirt.ErrorNumber // ERR_OK for any
	text string              // a part of the message
	kind vif.Kind
	say  string // what may be shown
}

// faults is read from the top.
var faults = []fault{
	{libvirt.ERR_OPERATION_TIMEOUT, "", vif.Unavailable,
		"Another change to the server is under way and does not end; try again."},
	{libvirt.ERR_OK, "No more available PCI slots", vif.NoSlot, "The server has no free PCI slot for another NIC."},
	{libvirt.ERR_OK, "specified dev doesn't exist", vif.Internal,
		"The tap of the NIC is not on this host any more; try again."},
	{libvirt.ERR_OK, "Unable to create tap device", vif.Internal,
		"QEMU cannot open the tap of the NIC: it was made for another number of queues."},
	{libvirt.ERR_OK, tapExists, vif.Unavailable, noTaps},
	{libvirt.ERR_OK, "SCM_RIGHTS", vif.Internal,
		"QEMU did not get the tap of the NIC: AppArmor or SELinux on this host forbids it."},
	{libvirt.ERR_OK, "in use by virtio-net-pci,id=" + vif.DeviceAliasPrefix, vif.Unavailable,
		"QEMU still has a NIC in the slot for this one, left by a libvirtd that died; it is being taken away: try again."},
	{libvirt.ERR_OK, "no longer running", vif.WrongState, endedMeanwhile},
	{libvirt.ERR_OK, "End of file from qemu monitor", vif.WrongState, endedMeanwhile},
	{libvirt.ERR_OK, "Unable to read from monitor", vif.WrongState, endedMeanwhile},
	{libvirt.ERR_OK, "Unable to write to monitor", vif.WrongState, endedMeanwhile},
	{libvirt.ERR_OPERATION_INVALID, "", vif.WrongState, "The state of the server does not allow that."},
	{libvirt.ERR_OPERATION_UNSUPPORTED, "", vif.Unsupported, notSupported},
	{libvirt.ERR_CONFIG_UNSUPPORTED, "", vif.Unsupported, notSupported},
	{libvirt.ERR_ARGUMENT_UNSUPPORTED, "", vif.Unsupported, notSupported},
	{libvirt.ERR_NO_SUPPORT, "", vif.Unsupported, notSupported},
	{libvirt.ERR_ACCESS_DENIED, "", vif.Unavailable, noAccess},
	{libvirt.ERR_AUTH_FAILED, "", vif.Unavailable, noAccess},
	{libvirt.ERR_AUTH_UNAVAILABLE, "", vif.Unavailable, noAccess},
	{libvirt.ERR_AUTH_CANCELLED, "", vif.Unavailable, noAccess},
	{libvirt.ERR_OK, "", vif.Internal, "libvirt refused it."},
}

const (
	noSlot = "The server has %d PCI slots for hot-plugging, and none is free for another NIC. Detach one, or stop the server, " +
		"add <controller type='pci' model='pcie-root-port'/> elements (pci-bridge on i440fx) to its definition and start it again."
	endedMeanwhile = "The server ended in the middle of it; try again."
	notSupported   = "libvirt or QEMU on this host cannot do that."
	noAccess       = "libvirt on this host does not let vifd in."
	noTaps         = "libvirt on this host refuses taps that it did not make, as 9.0.0 does without the fix of managed='no': install another version."
)

// tapExists is what that libvirt says of such a tap, after its name.
const tapExists = "interface already exists"

// The errors of an unplug that are no refusals. They have no code of their own.
const (
	alreadyAsked = "already in the process of unplug"
	guestBusy    = "guest is busy"
)

// explain returns err with the kind that it has for a caller who asked about the
// server. What is no error of libvirt stays as it is.
func explain(err error, server string) error {
	e, ok := errors.AsType[libvirt.Error](err)
	switch {
	case !ok:
		return err
	case e.Code == libvirt.ERR_NO_DOMAIN:
		return notFound(server)
	case broken(e):
		return vif.Unavailable.From(e, "the connection to libvirt broke")
	}
	i := slices.IndexFunc(faults, func(f fault) bool {
		return (f.code == libvirt.ERR_OK || f.code == e.Code) && strings.Contains(e.Message, f.text)
	})
	return faults[i].kind.From(e, "%s", faults[i].say)
}

// notFound says that there is no such server, in Nova's words.
func notFound(server string) error {
	return vif.NotFound.Because("Instance %s could not be found.", server)
}

// broken tells whether e is about the connection and not about what was asked.
func broken(e libvirt.Error) bool {
	switch e.Code {
	case libvirt.ERR_RPC, libvirt.ERR_INVALID_CONN, libvirt.ERR_NO_CONNECT:
		return true
	}
	return e.Domain == libvirt.FROM_RPC || e.Domain == libvirt.FROM_REMOTE
}

// given are what libvirt and QEMU say of a NIC that QEMU has already: it holds the tap,
// or a back end or a device of that name.
var given = []string{"Device or resource busy", "Duplicate ID", "Duplicate device ID", "duplicate property"}

// forgotten tells whether err, of a NIC that libvirt was seen to know nothing of, may
// be that QEMU has it.
func forgotten(err error) bool {
	return slices.ContainsFunc(given, func(text string) bool { return says(err, text) })
}

// says tells whether err is an error of libvirt with that text.
func says(err error, text string) bool {
	e, ok := errors.AsType[libvirt.Error](err)
	return ok && strings.Contains(e.Message, text)
}
