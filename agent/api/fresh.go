package api

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// hello is how long a connection that is new when vifd is told to stop may take
// to say what it wants.
const hello = time.Second

// A fresh counts the connections whose first request has not been seen. The HTTP
// server drops them unanswered when it is shut down, and so that waits for them: a
// client that comes while vifd restarts is answered by either vifd.
type fresh struct{ sync.WaitGroup }

// add counts conn until its first request is seen, or it is closed.
func (f *fresh) add(conn *limitedConn) *limitedConn {
	f.Add(1)
	conn.seen = sync.OnceFunc(f.Done)
	return conn
}

// none returns when there is no such connection, or hello is over. No other may
// come meanwhile.
func (f *fresh) none(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, hello)
	defer cancel()
	none := make(chan struct{})
	go func() { f.Wait(); close(none) }()
	select {
	case <-none:
	case <-ctx.Done():
	}
}

// connKey is what a request's context has its *limitedConn by.
type connKey struct{}

// seen says that r was.
func seen(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*limitedConn); ok {
		c.seen()
	}
}
