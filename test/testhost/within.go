package testhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// stageVar tells a process which of the three it is: the launcher on the
// machine, which has no stage; the first process of the host's PID namespace;
// or the one that brings up the host and works in it.
const stageVar = "VIFD_HOST_STAGE"

// NoHost is the exit status for a host that could not be brought up.
const NoHost = 125

// Main runs the tests of m in a new host, sets *h to it, and exits with their
// status. It runs the test binary again, so it comes first in TestMain.
func Main(m *testing.M, o Options, h **Host) {
	status, err := Within(o, func(host *Host) int {
		*h = host
		return m.Run()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "testhost:", err)
	}
	os.Exit(status)
}

// Within runs f in a new host and returns what f returned, or NoHost and why
// there is no host. To get there it runs this program again with the same
// arguments, twice over: what the program does before it calls Within is done
// three times, and what it does after it, at most once and on the machine.
func Within(o Options, f func(*Host) int) (int, error) {
	stage := os.Getenv(stageVar)
	os.Unsetenv(stageVar)
	switch stage {
	case "init":
		os.Exit(first())
	case "host":
		status, err := work(o, f)
		if err != nil {
			fmt.Fprintln(os.Stderr, "testhost:", err)
		}
		os.Exit(status)
	}
	return launch(o)
}

// launch starts the program again in namespaces of its own, and waits for it.
func launch(o Options) (int, error) {
	env, err := provide(o)
	if err != nil {
		return NoHost, err
	}
	cmd := again("init", env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
	}
	runtime.LockOSThread() // the death signal is sent when this thread ends
	defer runtime.UnlockOSThread()
	defer takeTerminal()
	return statusOf(cmd.Run())
}

// first is the host's process 1: it sets up the namespaces, starts the program
// once more, reaps what is left behind by anything, and ends with the program.
// The kernel then ends whatever still runs.
func first() int {
	if err := furnish(); err != nil {
		fmt.Fprintln(os.Stderr, "testhost:", err)
		return NoHost
	}
	cmd := again("host")
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "testhost:", err)
		return NoHost
	}
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return NoHost
		case pid == cmd.Process.Pid:
			return exitStatus(ws)
		}
	}
}

// work brings up the host and runs f in it.
func work(o Options, f func(*Host) int) (int, error) {
	h, err := up(o)
	if err != nil {
		return NoHost, err
	}
	return f(h), nil
}

func again(stage string, env ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), append(env, stageVar+"="+stage)...)
	return cmd
}

func statusOf(err error) (int, error) {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitStatus(exit.Sys().(syscall.WaitStatus)), nil
	}
	if err != nil {
		return NoHost, err
	}
	return 0, nil
}

// exitStatus returns what a shell would say of ws.
func exitStatus(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}
