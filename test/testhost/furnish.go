package testhost

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// private are the directories that a host has to itself, empty at first; it has a
// copy of all else in /etc.
var private = []string{
	"/run",
	"/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/var/cache/libvirt",
	"/etc/openvswitch", "/var/lib/openvswitch", "/var/log/openvswitch",
	"/etc/vifd", "/var/lib/vifd",
}

// furnish makes the new namespaces a host: mounts of its own, its own view of
// processes and of network devices, no control groups, a name, and lo up.
func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := freshSys(); err != nil {
		return err
	}
	if err := ownEtc(); err != nil {
		return err
	}
	for _, dir := range private {
		if err := empty(dir); err != nil {
			return err
		}
	}
	if err := hideKVM(); err != nil {
		return err
	}
	if err := os.MkdirAll("/run/lock", 0o777); err != nil {
		return err
	}
	if err := name("vifd-host"); err != nil {
		return err
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("lo up: %w: %s", err, out)
	}
	return nil
}

// freshSys mounts a /sys that shows this network namespace. The machine's goes
// with all that is mounted below it: without control groups in sight, libvirt
// makes none, and so leaves none behind on the machine.
func freshSys() error {
	if err := unix.Unmount("/sys", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount /sys: %w", err)
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return fmt.Errorf("mount /sys: %w", err)
	}
	return nil
}

// ownEtc puts a copy in the place of /etc, and leaves nobody here a way to the
// machine's: what a command under test breaks there, it breaks for this host.
func ownEtc() error {
	const own = "/mnt"
	if err := empty(own); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", "/etc/.", own).CombinedOutput(); err != nil {
		return fmt.Errorf("copy /etc: %w: %s", err, out)
	}
	if err := unix.Mount(own, "/etc", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("mount /etc: %w", err)
	}
	return nil
}

// hideKVM puts a file that nobody may open in the place of /dev/kvm. The guests
// are emulated in any case, and a libvirt that may not use the device that QEMU
// can open asks QEMU for all its capabilities again at every start of a guest.
func hideKVM() error {
	const kvm, cover = "/dev/kvm", "/run/no-kvm"
	if _, err := os.Stat(kvm); err != nil {
		return nil // it has none
	}
	if err := os.WriteFile(cover, nil, 0); err != nil {
		return err
	}
	if err := unix.Mount(cover, kvm, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("cover %s: %w", kvm, err)
	}
	return nil
}

// name gives the host a name that it can look up: libvirt does, and there is
// no name server to be reached from here.
func name(host string) error {
	if err := unix.Sethostname([]byte(host)); err != nil {
		return fmt.Errorf("set the host's name: %w", err)
	}
	hosts := "127.0.0.1 localhost " + host + "\n::1 localhost\n"
	if err := os.WriteFile("/run/hosts", []byte(hosts), 0o644); err != nil {
		return err
	}
	if err := unix.Mount("/run/hosts", "/etc/hosts", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount /etc/hosts: %w", err)
	}
	return nil
}

func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount %s: %w", dir, err)
	}
	return nil
}

// takeTerminal makes us the terminal's foreground again after a shell in the
// host, to which our process group has no number, could not give it back.
func takeTerminal() {
	signal.Ignore(syscall.SIGTTOU)
	_ = unix.IoctlSetPointerInt(int(os.Stdin.Fd()), unix.TIOCSPGRP, unix.Getpgrp()) // stdin need not be a terminal
}
