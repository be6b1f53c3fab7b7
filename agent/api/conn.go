package api

import (
	"bytes"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
)

// A limitedConn is a connection that was counted, with who is at its other end.
type limitedConn struct {
	net.Conn
	door *Door          // by which it came
	cred *syscall.Ucred // nil where it is not a unix socket
	end  func()
	seen func() // its first request was

	eager atomic.Bool // its client sends more before it has its answer
}

// Read takes what the client sends.
func (c *limitedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if pipelined(b[:n]) {
		c.eager.Store(true)
	}
	return n, err
}

// pipelined tells whether what came in one go is a request without a body and
// something behind it.
func pipelined(sent []byte) bool {
	head, rest, ok := bytes.Cut(sent, []byte("\r\n\r\n"))
	if !ok || len(rest) == 0 {
		return false
	}
	line, fields, _ := bytes.Cut(bytes.ToLower(head), []byte("\r\n"))
	return bytes.HasSuffix(line, []byte(" http/1.1")) &&
		!bytes.Contains(fields, []byte("content-length:")) && !bytes.Contains(fields, []byte("transfer-encoding:"))
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
