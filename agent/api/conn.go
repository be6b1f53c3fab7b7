package api

import (
	"fmt"
	"net"
	"syscall"
)

// A limitedConn is a connection that was counted, with who is at its other end.
type limitedConn struct {
	net.Conn
	door *Door          // by which it came
	cred *syscall.Ucred // nil where it is not a unix socket
	end  func()
	seen func() // its first request was
}

// Close closes the connection, and counts it no more.
func (c *limitedConn) Close() error {
	defer c.end()
	defer c.seen()
	return c.Conn.Close()
}

const rootUser = "uid 0"

// userOf names whose connection it is, for counting: a user of this host, or
// another host.
func userOf(conn net.Conn, cred *syscall.Ucred) string {
	if cred != nil {
		return fmt.Sprintf("uid %d", cred.Uid)
	}
	host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	return host
}

// peerOf returns the credentials that the process at the other end of a unix
// socket had when it connected, or nil.
func peerOf(conn net.Conn) *syscall.Ucred {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return nil
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return nil
	}
	var cred *syscall.Ucred
	err = raw.Control(func(fd uintptr) {
		cred, _ = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err != nil {
		return nil
	}
	return cred
}
