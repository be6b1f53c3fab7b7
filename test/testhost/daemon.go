package testhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// A Daemon is a long-running program of a host. It is started once and looked
// after by nobody: what a test ends, it starts again. Its methods may be used
// by several at once.
type Daemon struct {
	Env []string // added to its environment at the next Start

	name   string
	args   []string
	log    string
	before func(context.Context) error // done before each start; may be nil
	ready  func(context.Context) error // nil once it does its work

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended
}

var errEnded = errors.New("it has ended")

// Start starts the daemon and returns when it is ready to work. One that runs
// already is left as it is.
func (d *Daemon) Start(ctx context.Context) error {
	if err := d.spawn(ctx); err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-d.Gone():
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	if err := until(ctx, d.ready); err != nil {
		return fmt.Errorf("%s is not ready: %w\n%s", d.name, err, tail(d.log))
	}
	return nil
}

func (d *Daemon) spawn(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running() {
		return nil
	}
	if d.before != nil {
		if err := d.before(ctx); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(d.args[0], d.args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), d.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a ^C at the shell is not for it
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	d.cmd, d.done = cmd, done
	go func() {
		defer close(done)
		_ = cmd.Wait() // how it ended is for its log to say
	}()
	return nil
}

// Running tells whether the process that Start started is there.
func (d *Daemon) Running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.running()
}

func (d *Daemon) running() bool {
	if d.done == nil {
		return false
	}
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

// Pid returns its process ID, or 0 before the first Start.
func (d *Daemon) Pid() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cmd == nil {
		return 0
	}
	return d.cmd.Process.Pid
}

// Kill ends it with SIGKILL and returns when it is gone.
func (d *Daemon) Kill(ctx context.Context) error { return d.end(ctx, syscall.SIGKILL) }

// Stop ends it with SIGTERM and returns when it is gone.
func (d *Daemon) Stop(ctx context.Context) error { return d.end(ctx, syscall.SIGTERM) }

// Freeze stops it from running (SIGSTOP) until Thaw (SIGCONT).
func (d *Daemon) Freeze() error { return d.signal(syscall.SIGSTOP) }

// Thaw lets it run again.
func (d *Daemon) Thaw() error { return d.signal(syscall.SIGCONT) }

// Gone is closed when the process of the last Start has ended.
func (d *Daemon) Gone() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

func (d *Daemon) end(ctx context.Context, sig syscall.Signal) error {
	if !d.Running() {
		return nil
	}
	if err := d.signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-d.Gone():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not end: %w", d.name, context.Cause(ctx))
	}
}

func (d *Daemon) signal(sig syscall.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running() {
		return fmt.Errorf("%s: %w", d.name, os.ErrProcessDone)
	}
	return d.cmd.Process.Signal(sig)
}

// tail returns the last lines of a log, for an error that has no other cause.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
