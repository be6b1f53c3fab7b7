package api

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A lateListener has one connection, which it gives while it is closed.
type lateListener struct {
	called, closed chan struct{}
	last           chan net.Conn
}

func (l *lateListener) Accept() (net.Conn, error) {
	select {
	case l.called <- struct{}{}:
	default:
	}
	<-l.closed
	select {
	case conn := <-l.last:
		<-time.After(20 * time.Millisecond) // the time that it takes to get from the kernel to here
		return conn, nil
	default:
		return nil, net.ErrClosed
	}
}

func (l *lateListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *lateListener) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

// A trackedConn tells whether it was closed.
type trackedConn struct {
	net.Conn
	closed atomic.Bool
}

func (c *trackedConn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// A connection that is accepted while vifd is told to stop is answered.
func TestLastConnection(t *testing.T) {
	ours, theirs := net.Pipe()
	conn := &trackedConn{Conn: ours}
	l := &lateListener{called: make(chan struct{}, 1), closed: make(chan struct{}), last: make(chan net.Conn, 1)}
	l.last <- conn
	answer := make(chan string, 1)
	go func() {
		_, _ = io.WriteString(theirs, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") // what fails, the answer shows
		res, err := http.ReadResponse(bufio.NewReader(theirs), nil)
		if err != nil {
			answer <- err.Error()
			return
		}
		_ = res.Body.Close()
		answer <- res.Status
	}()
	w := &world{}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-l.called; cancel() }()
	err := New(Config{Servers: w, Attachments: w, Operations: w, Networking: w, Health: w, Answers: w, Log: quiet()}).Serve(ctx, l)
	if err != nil || !conn.closed.Load() {
		t.Errorf("the API has ended (%v), and the connection is closed: %t", err, conn.closed.Load())
	}
	_ = ours.Close()
	if got := <-answer; got != "403 Forbidden" && got != "200 OK" {
		t.Errorf("answer %q", got)
	}
}
