package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A limiter counts connections, in all and by user.
type limiter struct {
	mu             sync.Mutex
	conns, perUser int // how many there may be
	total          int
	far            int // of total, those that came by a network
	users          map[string]int
}

func newLimiter(l Limits) *limiter {
	return &limiter{conns: l.Conns, perUser: l.PerUser, users: map[string]int{}}
}

// Adjust puts other bounds on connections in force: Conns and PerUser of l. Those
// that are there stay.
func (a *API) Adjust(l Limits) {
	l = l.withDefaults()
	a.limiter.mu.Lock()
	defer a.limiter.mu.Unlock()
	a.limiter.conns, a.limiter.perUser = l.Conns, l.PerUser
}

// take counts a connection of user, or returns false where that would be one
// too many. Only root may have them all; those who come from afar leave a quarter
// to who is on this host.
func (l *limiter) take(user string, afar bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if afar && l.far >= l.conns-l.conns/4 {
		return false
	}
	if l.total >= l.conns || user != rootUser && l.users[user] >= l.perUser {
		return false
	}
	l.total++
	l.users[user]++
	if afar {
		l.far++
	}
	return true
}

func (l *limiter) give(user string, afar bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if afar {
		l.far--
	}
	if l.users[user]--; l.users[user] == 0 {
		delete(l.users, user)
	}
}

// A limitedListener accepts as many connections as its limiter allows, and
// turns others away at once.
type limitedListener struct {
	*Door
	limiter *limiter
	spare   *os.File // closed to have a file for a connection where no other is left
}

// open returns d's listener, with the limits and its TLS.
func (a *API) open(d *Door) net.Listener {
	limited := &limitedListener{Door: d, limiter: a.limiter}
	if d.TLS == nil {
		return limited
	}
	return tls.NewListener(limited, d.TLS)
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		l.save()
		conn, err := l.Door.Accept()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			err = l.shed(err)
			if err == nil {
				continue
			}
		}
		if err != nil {
			l.spend()
			return nil, err
		}
		cred := peerOf(conn)
		user := userOf(conn, cred)
		if l.limiter.take(user, l.remote()) {
			return &limitedConn{Conn: conn, door: l.Door, cred: cred, end: sync.OnceFunc(func() { l.limiter.give(user, l.remote()) })}, nil
		}
		l.turnAway(conn)
	}
}

// save opens the spare file, if it can.
func (l *limitedListener) save() {
	if l.spare == nil {
		l.spare, _ = os.Open(os.DevNull)
	}
}

func (l *limitedListener) spend() {
	if l.spare != nil {
		_ = l.spare.Close()
		l.spare = nil
	}
}

// shed turns one connection away that no file is left for, so that its client
// does not wait for an answer that nobody gives. Without a spare it returns err,
// after which the server waits a moment.
func (l *limitedListener) shed(err error) error {
	if l.spare == nil {
		return err
	}
	l.spend()
	conn, err := l.Door.Accept()
	if err == nil {
		l.turnAway(conn)
	}
	return err
}

const busy = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: " + retryAfter + "\r\n\r\n"

// turnAway tells conn's client to come back, if it listens and speaks HTTP, and
// closes conn.
func (l *limitedListener) turnAway(conn net.Conn) {
	if l.TLS == nil {
		_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_, _ = conn.Write([]byte(busy))
	}
	_ = conn.Close()
}

// A limitedConn is a connection that was counted, with who is at its other end.
type limitedConn struct {
	net.Conn
	door *Door          // by which it came
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
