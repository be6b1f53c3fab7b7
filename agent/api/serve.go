package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// Serve answers requests from the listeners until ctx ends, or one of them
// fails. Then it takes no more, lets what is under way finish within
// Limits.Grace, cancels the rest, and returns when nothing of it is left. It
// closes the listeners, and can be called once.
func (a *API) Serve(ctx context.Context, listeners ...net.Listener) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	handlers := &sync.WaitGroup{}
	server := a.server(base, handlers)

	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- server.Serve(a.open(a.door(l))) }()
	}
	var err error
	left := len(listeners)
	select {
	case <-ctx.Done():
	case err = <-failed:
		left--
		err = fmt.Errorf("serve the API: %w", err)
	}
	for _, l := range listeners {
		_ = l.Close() // it may be the one that failed
	}
	for range left {
		<-failed // and no connection is on its way from a listener to the server
	}
	return errors.Join(err, a.shutdown(base, cancel, server, handlers))
}

// server returns an HTTP server in which no client can hold anything for long.
func (a *API) server(base context.Context, handlers *sync.WaitGroup) *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	counted := func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		seen(r)
		defer handlers.Done()
		a.ServeHTTP(w, r)
	}
	return &http.Server{
		Handler:           http.HandlerFunc(counted),
		Protocols:         protocols,
		ReadHeaderTimeout: a.Limits.Header,
		IdleTimeout:       a.Limits.Idle,
		MaxHeaderBytes:    a.Limits.Headers,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       withDoor,
		ErrorLog:          slog.NewLogLogger(a.Log.Handler(), slog.LevelInfo), // as of refused certificates

		DisableGeneralOptionsHandler: true,
	}
}

// shutdown ends server and all that it started.
func (a *API) shutdown(base context.Context, cancel func(), server *http.Server, handlers *sync.WaitGroup) error {
	grace, end := context.WithTimeout(context.WithoutCancel(base), a.Limits.Grace)
	defer end()
	a.streams.end()
	a.detaches.cancel() // they are noted, and the next vifd goes on with them
	a.fresh.none(grace)
	err := server.Shutdown(grace)
	cancel()
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	handlers.Wait()
	a.farewells.Wait()
	a.detaches.stop(grace)
	return err
}

// Stop ends what goes on after its request was answered: it waits for it until
// ctx ends, cancels what is left, and returns when that has ended. Serve does
// it by itself.
func (a *API) Stop(ctx context.Context) {
	a.streams.end()
	a.detaches.stop(ctx)
}
