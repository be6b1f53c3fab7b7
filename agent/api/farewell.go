package api

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const busy = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: " + retryAfter + "\r\n\r\n"

// How long who is turned away may take to begin to ask, and to have sent what they
// wanted, how many at once, and how long where each of them has the last open file
// there is.
const (
	farewellAsked = 50 * time.Millisecond
	farewellTime  = time.Second
	farewellShort = 20 * time.Millisecond
	maxFarewells  = 16
)

// farewells are the connections that are turned away. What is closed under a
// client that still sends breaks its pipe, and it does not come to read why: so
// what it sends is taken for a while.
type farewells struct {
	sync.WaitGroup
	many atomic.Int32
}

// say tells conn's client to come back, if it speaks HTTP, and closes conn:
// after the client, or in time. Where files are short only one is waited for.
func (f *farewells) say(conn net.Conn, short bool) {
	most, patience := int32(maxFarewells), farewellTime
	if short {
		most, patience = 1, farewellShort
	}
	if f.many.Load() >= most {
		_ = refuse(conn)
		_ = conn.Close()
		return
	}
	f.many.Add(1)
	f.Go(func() {
		defer f.many.Add(-1)
		hear(conn, patience)
	})
}

// refuse says that there is no room.
func refuse(conn net.Conn) error {
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	_, err := io.WriteString(conn, busy)
	return err
}

// hear refuses conn's client once it has begun to ask, or after a moment: what comes
// before that, Go's client takes for nobody's answer. It says that there is no more
// to come, takes what is still sent, and closes conn.
func hear(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(min(farewellAsked, patience/2)))
	_, _ = conn.Read(make([]byte, 1))
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	half, ok := conn.(interface{ CloseWrite() error })
	if refuse(conn) != nil || !ok || half.CloseWrite() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, conn, maxDrain)
}
