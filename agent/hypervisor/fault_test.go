package hypervisor

import (
	"context"
	"errors"
	"strings"
	"testing"

	"libvirt.org/go/libvirt"

	"vifd/vif"
)

func qemu(code libvirt.ErrorNumber, message string) error {
	return libvirt.Error{Code: code, Domain: libvirt.FROM_QEMU, Message: message}
}

func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		err  error
		kind vif.Kind
		say  string // a part of what is shown
	}{
		{qemu(libvirt.ERR_NO_DOMAIN, "Domain not found: no domain with matching uuid"), vif.NotFound, "Instance g could not be found."},
		{qemu(libvirt.ERR_OPERATION_TIMEOUT, "Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainAttachDeviceFlags)"),
			vif.Unavailable, "Another change"},
		{qemu(libvirt.ERR_INTERNAL_ERROR, "internal error: No more available PCI slots"), vif.NoSlot, "no free PCI slot"},
		{qemu(libvirt.ERR_INTERNAL_ERROR, "internal error: target managed='no' but specified dev doesn't exist"), vif.Internal, "tap of the NIC is not on this host"},
		{qemu(libvirt.ERR_SYSTEM_ERROR, "Unable to create tap device tap1: Invalid argument"), vif.Internal, "number of queues"},
		{qemu(libvirt.ERR_OPERATION_INVALID, "Requested operation is not valid: The tap1 interface already exists"), vif.Unavailable, "managed='no'"},
		{qemu(libvirt.ERR_INTERNAL_ERROR, "internal error: unable to execute QEMU command 'getfd': No file descriptor supplied via SCM_RIGHTS"), vif.Internal, "AppArmor"},
		{qemu(libvirt.ERR_INTERNAL_ERROR, "internal error: unable to execute QEMU command 'device_add': PCI: slot 0 function 0 not available for virtio-net-pci, "+
			"in use by virtio-net-pci,id=ua-vifd-2ad044a7-60db-42ad-b63a-b9aa66e299ed"), vif.Unavailable, "being taken away"},
		{qemu(libvirt.ERR_INTERNAL_ERROR, "internal error: unable to execute QEMU command 'device_add': PCI: slot 0 function 0 not available for virtio-net-pci, "+
			"in use by virtio-net-pci,id=net0"), vif.Internal, "refused"},
		{qemu(libvirt.ERR_OPERATION_INVALID, "Requested operation is not valid: domain is not running"), vif.WrongState, "state"},
		{qemu(libvirt.ERR_CONFIG_UNSUPPORTED, "unsupported configuration: non unique alias detected: ua-1"), vif.Unsupported, "cannot do that"},
		{qemu(libvirt.ERR_OPERATION_UNSUPPORTED, "Operation not supported"), vif.Unsupported, "cannot do that"},
		{qemu(libvirt.ERR_NO_SUPPORT, "this function is not supported by the connection driver"), vif.Unsupported, "cannot do that"},
		{qemu(libvirt.ERR_ACCESS_DENIED, "access denied"), vif.Unavailable, "does not let vifd in"},
		{qemu(libvirt.ERR_INTERNAL_ERROR, "internal error: End of file from qemu monitor"), vif.WrongState, "ended"},
		{qemu(libvirt.ERR_SYSTEM_ERROR, "Unable to read from monitor: Connection reset by peer"), vif.WrongState, "ended"},
		{qemu(libvirt.ERR_SYSTEM_ERROR, "Unable to write to monitor: Broken pipe"), vif.WrongState, "ended"},
		{qemu(libvirt.ERR_OPERATION_FAILED, "operation failed: domain is no longer running"), vif.WrongState, "ended"},
		{qemu(libvirt.ERR_OPERATION_FAILED, "operation failed: device rejected by the guest"), vif.Internal, "refused"},
		{libvirt.Error{Code: libvirt.ERR_INTERNAL_ERROR, Domain: libvirt.FROM_RPC, Message: "internal error: client socket is closed"}, vif.Unavailable, "broke"},
		{libvirt.Error{Code: libvirt.ERR_SYSTEM_ERROR, Domain: libvirt.FROM_RPC, Message: "Cannot write data: Broken pipe"}, vif.Unavailable, "broke"},
		{libvirt.Error{Code: libvirt.ERR_INVALID_CONN, Domain: libvirt.FROM_NONE, Message: "invalid connection pointer"}, vif.Unavailable, "broke"},
		{vif.Pending.Because("as it is"), vif.Pending, "as it is"},
	} {
		err := explain(tt.err, "g")
		if vif.KindOf(err) != tt.kind || !strings.Contains(vif.Shown(err), tt.say) {
			t.Errorf("%v: %v with %q, want %v with %q", tt.err, vif.KindOf(err), vif.Shown(err), tt.kind, tt.say)
		}
		if e, ok := errors.AsType[libvirt.Error](tt.err); ok && strings.Contains(vif.Shown(err), e.Message) {
			t.Errorf("libvirt's own words are shown: %q", vif.Shown(err))
		}
	}
	if err := explain(nil, "g"); err != nil {
		t.Errorf("no error: %v", err)
	}
}

func TestState(t *testing.T) {
	for _, tt := range []struct {
		state  libvirt.DomainState
		reason int
		saved  bool
		want   vif.ServerState
	}{
		{libvirt.DOMAIN_RUNNING, int(libvirt.DOMAIN_RUNNING_BOOTED), false, vif.ServerActive},
		{libvirt.DOMAIN_BLOCKED, 0, false, vif.ServerActive},
		{libvirt.DOMAIN_PAUSED, int(libvirt.DOMAIN_PAUSED_USER), false, vif.ServerPaused},
		{libvirt.DOMAIN_PAUSED, int(libvirt.DOMAIN_PAUSED_IOERROR), false, vif.ServerPaused},
		{libvirt.DOMAIN_PAUSED, int(libvirt.DOMAIN_PAUSED_STARTING_UP), false, vif.ServerBuilding},
		{libvirt.DOMAIN_PAUSED, int(libvirt.DOMAIN_PAUSED_MIGRATION), false, vif.ServerBuilding},
		{libvirt.DOMAIN_SHUTDOWN, 0, false, vif.ServerShutting},
		{libvirt.DOMAIN_SHUTOFF, int(libvirt.DOMAIN_SHUTOFF_SHUTDOWN), false, vif.ServerStopped},
		{libvirt.DOMAIN_SHUTOFF, int(libvirt.DOMAIN_SHUTOFF_MIGRATED), false, vif.ServerStopped}, // away, and still defined here
		{libvirt.DOMAIN_SHUTOFF, int(libvirt.DOMAIN_SHUTOFF_SAVED), true, vif.ServerSuspended},
		{libvirt.DOMAIN_PMSUSPENDED, 0, false, vif.ServerSuspended},
		{libvirt.DOMAIN_CRASHED, int(libvirt.DOMAIN_CRASHED_PANICKED), false, vif.ServerCrashed},
		{libvirt.DOMAIN_NOSTATE, 0, false, vif.ServerBuilding},
		{99, 0, false, vif.ServerCrashed},
	} {
		if got := stateOf(tt.state, tt.reason, tt.saved); got != tt.want {
			t.Errorf("%d for %d, saved %v: %q, want %q", tt.state, tt.reason, tt.saved, got, tt.want)
		}
	}
}

func TestCanonical(t *testing.T) {
	for id, want := range map[string]bool{
		"3fa85f64-5717-4562-b3fc-2c963f66afa6":  true,
		"3FA85F64-5717-4562-b3fc-2c963f66afa6":  false,
		"3fa85f6457174562b3fc2c963f66afa6":      false,
		"3fa85f64-5717-4562-b3fc-2c963f66afa60": false,
		"3fa85f64-5717-4562-b3fc-2c963f66afag":  false,
		"3fa85f64x5717-4562-b3fc-2c963f66afa6":  false,
		"3fa85f64-571704562-b3fc-2c963f66afa6":  false,
		"-fa85f64-5717-4562-b3fc-2c963f66afa6":  false,
		"":                                      false,
		"g1":                                    false,
	} {
		if canonical(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}

func TestWithin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hang := make(chan struct{})
	defer close(hang)
	cancel()
	_, err := within(ctx, func() (int, error) { <-hang; return 0, nil })
	if !errors.Is(err, vif.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a call that does not return: %v", err)
	}
	if n, err := within(t.Context(), func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("a call that returns: %d, %v", n, err)
	}
}
