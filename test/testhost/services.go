package testhost

import (
	"context"
	"fmt"
	"os"
)

const (
	ovsRun    = "/run/openvswitch"
	ovsDB     = "/etc/openvswitch/conf.db"
	ovsSchema = "/usr/share/openvswitch/vswitch.ovsschema"
	ovsRemote = "unix:/run/openvswitch/db.sock"
	vifdRun   = "/run/vifd"
)

// settings are the files that make libvirt keep to its host: the guests'
// consoles whole in one file, and no huge pages of the machine.
var settings = map[string]string{
	"/etc/libvirt/virtlogd.conf": "max_size = 1073741824\n",
	"/etc/libvirt/qemu.conf":     "hugetlbfs_mount = []\nnamespaces = []\n",
}

func (h *Host) ovsdb() *Daemon {
	return &Daemon{
		name: "ovsdb-server", log: h.path("ovsdb-server.log"),
		args:   []string{"ovsdb-server", ovsDB, "--remote=p" + ovsRemote, "--pidfile", "--unixctl=" + ovsRun + "/ovsdb-server.ctl"},
		before: createDB,
		ready: func(ctx context.Context) error {
			_, err := run(ctx, "ovs-vsctl", "--no-wait", "--timeout=5", "init")
			return err
		},
	}
}

func createDB(ctx context.Context) error {
	if err := os.MkdirAll(ovsRun, 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(ovsDB); err == nil {
		return nil
	}
	_, err := run(ctx, "ovsdb-tool", "create", ovsDB, ovsSchema)
	return err
}

func (h *Host) vswitchd() *Daemon {
	control := ovsRun + "/ovs-vswitchd.ctl"
	return &Daemon{
		name: "ovs-vswitchd", log: h.path("ovs-vswitchd.log"),
		args: []string{"ovs-vswitchd", ovsRemote, "--pidfile", "--unixctl=" + control},
		ready: func(ctx context.Context) error {
			_, err := run(ctx, "ovs-appctl", "--timeout=5", "-t", control, "version")
			return err
		},
	}
}

func (h *Host) virtlogd() *Daemon {
	return &Daemon{
		name: "virtlogd", log: h.path("virtlogd.log"),
		args: []string{"virtlogd"},
		ready: func(context.Context) error {
			_, err := os.Stat("/run/libvirt/virtlogd-sock")
			return err
		},
	}
}

func (h *Host) libvirtd() *Daemon {
	return &Daemon{
		name: "libvirtd", log: h.path("libvirtd.log"),
		args:  []string{"libvirtd"},
		ready: func(ctx context.Context) error { return virsh(ctx, "version") },
	}
}

func (h *Host) vifd() *Daemon {
	return &Daemon{
		name: "vifd", log: h.path("vifd.log"),
		args:   []string{"chrt", "--batch", "0", h.Binary, "serve"}, // as vifd.service has it
		before: func(context.Context) error { return os.MkdirAll(vifdRun, 0o755) },
		ready:  func(ctx context.Context) error { return h.get(ctx, "/readyz") },
	}
}

func virsh(ctx context.Context, args ...string) error {
	_, err := run(ctx, "virsh", append([]string{"-q"}, args...)...)
	return err
}

// addBridge adds br-int, handled in user space: the kernel need not have Open
// vSwitch.
func addBridge(ctx context.Context) error {
	_, err := run(ctx, "ovs-vsctl", "--timeout=10", "--may-exist", "add-br", "br-int",
		"--", "set", "Bridge", "br-int", "datapath_type=netdev")
	if err != nil {
		return fmt.Errorf("add br-int: %w", err)
	}
	return nil
}
