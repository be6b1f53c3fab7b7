package agent

import (
	"context"
	"errors"
	"time"

	"vifd/agent/api"
	"vifd/agent/store"
	"vifd/vif"
)

// servers are libvirt's domains, with the locks that the store keeps of them.
type servers struct {
	host  api.Servers
	store *store.Store
}

// Server returns the server as it is now.
func (s servers) Server(ctx context.Context, id string) (vif.Server, error) {
	server, err := s.host.Server(ctx, id)
	if err != nil {
		return server, err
	}
	return s.marked(ctx, server)
}

// Recent returns the server as it was seen last, if nothing is known to have
// changed since then.
func (s servers) Recent(ctx context.Context, id string) (vif.Server, error) {
	server, err := s.host.Recent(ctx, id)
	if err != nil {
		return server, err
	}
	return s.marked(ctx, server)
}

// marked returns the server with its lock.
func (s servers) marked(ctx context.Context, server vif.Server) (vif.Server, error) {
	err := s.store.View(ctx, func(tx *store.Tx) error {
		l, err := tx.ServerLock(server.ID)
		if err == nil {
			server.Locked, server.LockReason = true, l.Reason
		}
		return err
	})
	if errors.Is(err, vif.NotFound) {
		err = nil
	}
	return server, err
}

// Servers returns every server of this host.
func (s servers) Servers(ctx context.Context) ([]vif.Server, error) {
	list, err := s.host.Servers(ctx)
	if err != nil {
		return nil, err
	}
	locks := map[string]store.ServerLock{}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ServerLocks()
		for _, l := range all {
			locks[l.Server] = l
		}
		return err
	})
	for i := range list {
		l, locked := locks[list[i].ID]
		list[i].Locked, list[i].LockReason = locked, l.Reason
	}
	return list, err
}

// Lock implements api.Locks.
func (s servers) Lock(ctx context.Context, server string, by vif.Caller, reason string) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		if kept(tx, server, by) {
			return nil
		}
		return tx.PutServerLock(store.ServerLock{Server: server, Reason: reason, At: time.Now(), Admin: by.Admin})
	})
}

// Unlock implements api.Locks.
func (s servers) Unlock(ctx context.Context, server string, by vif.Caller) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		if kept(tx, server, by) {
			return vif.Forbidden.Because("Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.")
		}
		return tx.DropServerLock(server)
	})
}

// kept tells whether the server has a lock that is not the caller's to change.
func kept(tx *store.Tx, server string, by vif.Caller) bool {
	l, err := tx.ServerLock(server)
	return err == nil && l.Admin && !by.Admin
}
