package api

import (
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// A limiter counts connections, in all and by user.
type limiter struct {
	Limits
	mu    sync.Mutex
	total int
	users map[string]int
}

// take counts a connection of user, or returns false where that would be one
// too many. Only root may have them all.
func (l *limiter) take(user string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= l.Conns || user != rootUser && l.users[user] >= l.PerUser {
		return false
	}
	l.total++
	l.users[user]++
	return true
}

func (l *limiter) give(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.users[user]--; l.users[user] == 0 {
		delete(l.users, user)
	}
}

// A limitedListener accepts as many connections as its limiter allows, and
// turns others away at once.
type limitedListener struct {
	net.Listener
	limiter *limiter
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		cred := peerOf(conn)
		user := userOf(conn, cred)
		if l.limiter.take(user) {
			return &limitedConn{Conn: conn, cred: cred, end: sync.OnceFunc(func() { l.limiter.give(user) })}, nil
		}
		turnAway(conn)
	}
}

const busy = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: " + retryAfter + "\r\n\r\n"

// turnAway tells conn's client to come back, if it listens, and closes conn.
func turnAway(conn net.Conn) {
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	_, _ = conn.Write([]byte(busy))
	_ = conn.Close()
}

// A limitedConn is a connection that was counted, with who is at its other end.
type limitedConn struct {
	net.Conn
	cred *syscall.Ucred // nil where it is not a unix socket
	end  func()
}

// Close closes the connection, and counts it no more.
func (c *limitedConn) Close() error {
	defer c.end()
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
