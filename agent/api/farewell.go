package api

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const busy = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: " + retryAfter + "\r\n\r\n"

// How long who is turned away may take to have sent what they wanted, how many at
// once, and how long where each of them has the last open file there is.
const (
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
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	_, err := io.WriteString(conn, busy)
	if err != nil || f.many.Load() >= most {
		_ = conn.Close()
		return
	}
	f.many.Add(1)
	f.Go(func() {
		defer f.many.Add(-1)
		hear(conn, patience)
	})
}

// hear says to conn's client that there is no more to come, takes what it still
// sends, and closes conn.
func hear(conn net.Conn, patience time.Duration) {
	defer conn.Close()
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.CopyN(io.Discard, conn, maxDrain)
}
