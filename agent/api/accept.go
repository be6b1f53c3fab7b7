package api

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
)

// A limitedListener accepts as many connections as its limiter allows, and
// turns others away at once.
type limitedListener struct {
	*Door
	limiter   *limiter
	fresh     *fresh
	farewells *farewells
	spare     *os.File // closed to have a file for a connection where no other is left
}

// open returns d's listener, with the limits and its TLS.
func (a *API) open(d *Door) net.Listener {
	limited := &limitedListener{Door: d, limiter: a.limiter, fresh: &a.fresh, farewells: &a.farewells}
	if d.TLS == nil {
		return limited
	}
	return tls.NewListener(limited, d.TLS)
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, room, err := l.accept()
		if err != nil {
			l.spend()
			return nil, err
		}
		cred := peerOf(conn)
		user := userOf(conn, cred)
		if room && l.limiter.take(user, l.remote()) {
			end := sync.OnceFunc(func() { l.limiter.give(user, l.remote()) })
			return l.fresh.add(&limitedConn{Conn: conn, door: l.Door, cred: cred, end: end}), nil
		}
		l.turnAway(conn, !room)
	}
}

// accept returns the next connection, and whether files are left beside it. One
// that there is no file for gets the spare's: its client shall not wait for an
// answer that nobody gives.
func (l *limitedListener) accept() (conn net.Conn, room bool, err error) {
	l.save()
	conn, err = l.Door.Accept()
	if l.spare == nil || !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return conn, true, err
	}
	l.spend()
	conn, err = l.Door.Accept()
	l.save()
	return conn, l.spare != nil, err
}

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

// turnAway tells conn's client to come back, if it listens and speaks HTTP, and
// closes conn.
func (l *limitedListener) turnAway(conn net.Conn, short bool) {
	if l.TLS != nil {
		_ = conn.Close()
		return
	}
	l.farewells.say(conn, short)
}
