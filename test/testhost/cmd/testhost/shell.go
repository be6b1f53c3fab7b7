package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"vifd/test/testhost"
)

const welcome = `vifd-host is up: guests g1 and g2, networks blue and red.
  virsh list    ovs-vsctl show    vifd --help    curl --unix-socket $VIFD_SOCKET http://vifd/
  guest g1 'ip addr'              peer blue 10.20.0.250/24 ping -c1 10.20.0.10
consoles and logs are in $VIFD_HOST_DIR; leaving the shell ends the host
`

const rc = `[ -f ~/.bashrc ] && . ~/.bashrc
PS1='vifd-host:\w\$ '
`

// shell runs command, or else an interactive shell, and returns its status.
func shell(h *testhost.Host, command []string) (int, error) {
	if err := install(h); err != nil {
		return testhost.NoHost, err
	}
	args := []string{"-c", strings.Join(command, " ")}
	if len(command) == 0 {
		fmt.Fprint(os.Stderr, welcome)
		args = []string{"--rcfile", filepath.Join(h.Dir, "bashrc"), "-i"}
	}
	cmd := exec.Command("bash", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	signal.Ignore(os.Interrupt) // it is for what the shell runs
	if err := cmd.Start(); err != nil {
		return testhost.NoHost, err
	}
	state, err := cmd.Process.Wait()
	if err != nil {
		return testhost.NoHost, err
	}
	if ws := state.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return state.ExitCode(), nil
}

// install puts the helpers and vifd on the PATH.
func install(h *testhost.Host) error {
	bin := filepath.Join(h.Dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for name, target := range map[string]string{"guest": self, "peer": self, "vifd": h.Binary} {
		if target == "" {
			continue
		}
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(h.Dir, "bashrc"), []byte(rc), 0o644); err != nil {
		return err
	}
	return os.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}
