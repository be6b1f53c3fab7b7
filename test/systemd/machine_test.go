package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vifd/test/wait"
)

// A computer is a Debian whose first process is systemd, in namespaces of its
// own. What it writes goes to a tmpfs, and is gone with it; a reboot keeps it.
type computer struct {
	holder *exec.Cmd // has its mounts, and starts it again when it reboots
	group  string    // its control group
	ended  chan error
}

// layout makes the mounts of the machine: the Debian as it was made, the files
// that were installed above it, and a tmpfs for what is written. Each boot gets a
// control group for it alone; the status 133 asks for another.
const layout = `
set -eu
image=$1 installed=$2 dir=$3 group=$4
mount -t tmpfs tmpfs "$dir"
mkdir "$dir/up" "$dir/work" "$dir/root"
cp -a "$installed/." "$dir/up"
mount -t overlay overlay -o "lowerdir=$image,upperdir=$dir/up,workdir=$dir/work" "$dir/root"
mount -t tmpfs tmpfs /run

boot() (
	for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
		[ -e $root/cgroup.procs ] || continue
		mkdir "$root/$group.$1"
		echo $BASHPID >"$root/$group.$1/cgroup.procs"
	done
	exec setpriv --pdeathsig KILL systemd-nspawn --quiet --directory="$dir/root" --boot --register=no --keep-unit \
		--machine=vifd-machine --private-network --bind=/dev/net/tun --console=pipe
)

boots=0 status=133
while [ $status = 133 ]; do
	boots=$((boots + 1)) status=0
	boot $boots || status=$?
done
exit $status
`

// boot starts a machine from the Debian in image with the files of installed,
// in the empty directory dir, and returns when it is up.
func boot(image, installed, dir string) (*computer, error) {
	c := &computer{group: filepath.Base(filepath.Dir(dir)), ended: make(chan error, 1)}
	c.holder = exec.Command("unshare", "--mount", "--propagation=private", "bash", "-c", layout, "layout", image, installed, dir, c.group)
	c.holder.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.holder.Stdout, c.holder.Stderr = os.Stderr, os.Stderr
	if err := c.holder.Start(); err != nil {
		return nil, err
	}
	go func() { c.ended <- c.holder.Wait() }()
	if err := c.up(0); err != nil {
		return nil, errors.Join(err, c.off())
	}
	return c, nil
}

// up waits until all of the machine has started, with another first process than
// the one that is named.
func (c *computer) up(but int) error {
	if why := wait.For(bootTime, func() string {
		if pid := c.first(); pid == 0 || pid == but {
			return "its first process does not start"
		}
		state, _ := c.run(5*time.Second, "systemctl is-system-running")
		if state != "running" && state != "degraded" {
			jobs, _ := c.run(5*time.Second, "systemctl list-jobs")
			return state + "\n" + jobs
		}
		return ""
	}); why != "" {
		return errors.New("the machine does not come up: " + why)
	}
	return nil
}

// first returns the process that is the machine's first, as it is called outside,
// or 0.
func (c *computer) first() int { return child(c.nspawn(), "systemd") }

func (c *computer) nspawn() int { return child(c.holder.Process.Pid, "systemd-nspawn") }

// child returns the child of a process that has the name, or 0.
func child(pid int, name string) int {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0
	}
	for child := range strings.FieldsSeq(string(children)) {
		if comm, err := os.ReadFile("/proc/" + child + "/comm"); err == nil && string(comm) == name+"\n" {
			pid, _ := strconv.Atoi(child)
			return pid
		}
	}
	return 0
}

// run runs a command of the shell in the machine, and returns what it printed
// without the last newline, and whether it succeeded.
func (c *computer) run(limit time.Duration, command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	inside := exec.CommandContext(ctx, "nsenter", "--target", strconv.Itoa(c.first()), "--all", "--root", "--wd",
		"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "SYSTEMD_PAGER=", "bash", "-c", command)
	out, err := inside.CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}

// reboot returns when the machine is up again.
func (c *computer) reboot() error {
	was := c.first()
	if out, err := c.run(patience, "systemctl reboot"); err != nil {
		return fmt.Errorf("systemctl reboot: %w: %s", err, out)
	}
	return c.up(was)
}

// off has the machine shut down as its power button does, or ends it, and
// removes what is left of it.
func (c *computer) off() error {
	err := errors.New("the machine does not run")
	if pid := c.nspawn(); pid != 0 {
		err = syscall.Kill(pid, syscall.SIGTERM)
	}
	select {
	case err = <-c.ended:
	case <-time.After(2 * patience):
		err = errors.Join(err, errors.New("the machine does not shut down"), c.holder.Process.Kill(), <-c.ended)
	}
	for _, root := range []string{"", "systemd", "unified"} {
		groups, _ := filepath.Glob(filepath.Join("/sys/fs/cgroup", root, c.group+".*")) // the pattern is right
		for _, g := range groups {
			err = errors.Join(err, exec.Command("find", g, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";").Run())
		}
	}
	return err
}
