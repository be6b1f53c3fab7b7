package api

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"vifd/vif"
)

// pathServer returns the server that c's path names, or NotFound in Nova's words,
// which also hides the servers of other projects.
func (a *API) pathServer(c *call) (vif.Server, error) {
	return a.namedServer(c, a.Servers.Server)
}

// likelyServer returns the server that c's path names: as it was seen last if check
// has nothing against it, and else as it is now.
func (a *API) likelyServer(c *call, check func(vif.Server) error) (vif.Server, error) {
	if s, err := a.namedServer(c, a.Servers.Recent); err == nil && check(s) == nil {
		return s, nil
	}
	return a.pathServer(c)
}

// namedServer is pathServer for a server that is looked at in this way. It refuses
// those who see the server, and whose role does not reach to what they ask of it.
func (a *API) namedServer(c *call, look func(context.Context, string) (vif.Server, error)) (vif.Server, error) {
	unknown := vif.NotFound.Because("Instance %s could not be found.", c.params["server"])
	id, ok := parseUUID(c.params["server"])
	if !ok {
		return vif.Server{}, unknown
	}
	s, err := a.lookAt(c, id, look)
	switch {
	case err != nil && kindOf(err) == vif.NotFound, err == nil && !c.who.sees(s.Project):
		return vif.Server{}, unknown
	case err != nil:
		return vif.Server{}, err
	case c.mayNot():
		return vif.Server{}, denied(c)
	}
	return s, nil
}

// lookAt looks at a server, within the time that c has.
func (a *API) lookAt(c *call, id string, look func(context.Context, string) (vif.Server, error)) (vif.Server, error) {
	ctx, cancel := a.inTime(c)
	defer cancel()
	return look(ctx, id)
}

// allServers looks at every server, within the time that c has.
func (a *API) allServers(c *call) ([]vif.Server, error) {
	ctx, cancel := a.inTime(c)
	defer cancel()
	return a.Servers.Servers(ctx)
}

// inTime returns c's context, which ends when an attach would be too late.
func (a *API) inTime(c *call) (context.Context, context.CancelFunc) {
	return context.WithDeadline(c.Context(), c.begun.Add(a.Limits.Attach))
}

// pluggable are the states in which a server's NICs may change.
var pluggable = []vif.ServerState{vif.ServerActive, vif.ServerPaused, vif.ServerStopped}

// checkState returns an error if the server is in no state for the act.
func checkState(s vif.Server, act string) error {
	if slices.Contains(pluggable, s.State) {
		return nil
	}
	attribute, state := "vm_state", string(s.State)
	if s.State == vif.ServerShutting {
		attribute, state = "task_state", "powering-off"
	}
	return vif.WrongState.Because("Cannot '%s' instance %s while it is in %s %s", act, s.ID, attribute, state)
}

func detachKey(server, port string) string { return server + "/" + port }

// detaching tells whether a detach of the port from the server is under way,
// whoever asked for it.
func (a *API) detaching(c *call, server, port string) bool {
	return a.detaches.runs(detachKey(server, port)) || a.Attachments.Detaching(c.Context(), server, port)
}

// startDetach starts a detach that outlives c, or joins the one that is under
// way. A failure is logged here, for nobody may be waiting.
func (a *API) startDetach(c *call, server, port string, onProgress func(vif.Progress)) *task {
	r := vif.Request{Server: server, Port: port, Caller: c.who.Caller, Operation: c.id, OnProgress: onProgress}
	return a.detaches.start(detachKey(server, port), func(ctx context.Context) error {
		err := a.Attachments.Detach(ctx, r)
		if err != nil {
			a.Log.LogAttrs(ctx, slog.LevelWarn, "detach", slog.String("request", r.Operation),
				slog.String("server", server), slog.String("port", port), slog.Any("error", err))
		}
		return err
	})
}

// detachAndWait detaches at, and returns when it is done: with vif.Pending where
// that takes longer than a detach may. It goes on when c's client goes away.
func (a *API) detachAndWait(c *call, at vif.Attachment, onProgress func(vif.Progress)) error {
	t := a.startDetach(c, at.Server, at.Port.ID, onProgress)
	select {
	case <-t.done:
		return t.err
	case <-c.Context().Done():
		return c.Context().Err()
	}
}

// acceptDetach starts a detach and returns nil once it is noted: from then on it
// goes on by itself, whatever becomes of vifd. An error says why it cannot.
func (a *API) acceptDetach(c *call, server, port string) error {
	noted := make(chan struct{})
	once := sync.OnceFunc(func() { close(noted) })
	t := a.startDetach(c, server, port, func(p vif.Progress) {
		if p.Err == "" {
			once()
		}
	})
	select {
	case <-noted:
		return nil
	case <-c.Context().Done():
		return vif.Unavailable.From(c.Context().Err(), "The detach of port %s has not begun yet: ask again.", port)
	case <-t.done:
	}
	if errors.Is(t.err, vif.Pending) {
		return nil
	}
	return t.err
}
