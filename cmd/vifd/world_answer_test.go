package main

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"vifd/vif"
)

// answers are kept answers in memory.
type answers struct {
	mu   sync.Mutex
	kept []vif.Answer
}

func (k *answers) Answer(_ context.Context, caller, key string) (vif.Answer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.kept, func(a vif.Answer) bool { return a.Caller == caller && a.Key == key })
	if i < 0 {
		return vif.Answer{}, vif.NotFound
	}
	return k.kept[i], nil
}

func (k *answers) PutAnswer(_ context.Context, a vif.Answer) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = append(k.kept, a)
	return nil
}

// A wire is a way to a server that loses answers: the connection breaks when one
// is on its way.
type wire struct {
	net.Listener
	to   string
	lose atomic.Int32 // so many answers
}

func (w *wire) carry() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		go w.join(client)
	}
}

func (w *wire) join(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", w.to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.UnixConn).CloseWrite()
	}()
	_, _ = io.Copy(loser{client, w}, server)
}

type loser struct {
	net.Conn
	wire *wire
}

func (l loser) Write(b []byte) (int, error) {
	if l.wire.lose.Add(-1) >= 0 {
		return 0, net.ErrClosed
	}
	return l.Conn.Write(b)
}
