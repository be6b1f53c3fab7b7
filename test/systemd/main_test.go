// Package systemd runs vifd as it is installed, by its units, in a whole Debian
// whose first process is systemd, with libvirt, QEMU and Open vSwitch as that
// Debian starts them.
package systemd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// machine is where all tests run, one after the other.
var machine *computer

func TestMain(m *testing.M) {
	runtime.LockOSThread() // the machine ends with this thread
	status, err := inMachine(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		status = 1
	}
	os.Exit(status)
}

// inMachine installs vifd, boots a machine with it, and calls f.
func inMachine(f func() int) (status int, err error) {
	image, err := filepath.Abs("../../.cache/machine/root")
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "vifd-machine-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	installed, root := filepath.Join(dir, "installed"), filepath.Join(dir, "machine")
	if err := os.Mkdir(root, 0o755); err != nil {
		return 1, err
	}
	install := exec.Command("make", "--silent", "-C", "../..", "machine", "install", "PREFIX=/usr", "DESTDIR="+installed)
	if out, err := install.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("make install: %w: %s", err, out)
	}
	if machine, err = boot(image, installed, root); err != nil {
		return 1, err
	}
	if out, err := machine.run(2*patience, enable); err != nil {
		return 1, errors.Join(fmt.Errorf("%s: %w: %s", enable, err, out), machine.off())
	}
	status = f()
	return status, machine.off()
}

// enable is what an administrator does after the files were installed, on a host
// that has no Open vSwitch in its kernel.
const enable = `set -e
systemd-sysusers
systemd-tmpfiles --create vifd.conf
journalctl --update-catalog
systemctl daemon-reload
ovs-vsctl add-br br-int -- set Bridge br-int datapath_type=netdev
systemctl enable --now vifd.socket vifd.service`
