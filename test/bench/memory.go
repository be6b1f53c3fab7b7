package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A memory is what a process has in memory, in KiB (/proc/PID/smaps_rollup,
// proc(5)).
type memory struct {
	pss int // with its share of the pages that others have too
	rss int // with all of those
}

// atRest returns the memory of the vifd on the socket, once it has looked at what
// changed last.
func atRest(ctx context.Context, socket string) (m memory, err error) {
	for range 10 {
		if err := rest(ctx); err != nil {
			return m, err
		}
	}
	pid, err := peer(ctx, socket)
	if err != nil {
		return m, err
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return m, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		switch name, value, _ := strings.Cut(lines.Text(), ":"); name {
		case "Pss":
			_, err = fmt.Sscan(value, &m.pss)
		case "Rss":
			_, err = fmt.Sscan(value, &m.rss)
		}
		if err != nil {
			return m, err
		}
	}
	if m.pss == 0 || m.rss == 0 {
		return m, errors.Join(fmt.Errorf("%s does not say how much", f.Name()), lines.Err())
	}
	return m, nil
}

// peer returns the process that listens on the socket (SO_PEERCRED, unix(7)).
func peer(ctx context.Context, socket string) (int, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var who *unix.Ucred
	var refused error
	err = raw.Control(func(fd uintptr) { who, refused = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = errors.Join(err, refused); err != nil {
		return 0, err
	}
	return int(who.Pid), nil
}
