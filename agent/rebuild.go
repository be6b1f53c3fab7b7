package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"vifd/agent/store"
	"vifd/vif"
)

// Prepare makes what a server needs that is about to start.
func (a *agent) Prepare(ctx context.Context, server string) error {
	return a.engine.Prepare(ctx, server)
}

// Rebuild rebuilds the store of c's host while no vifd runs on it. One that runs
// is vif.InUse.
func Rebuild(ctx context.Context, c Config, p Process) (r vif.Rebuilt, err error) {
	a := &agent{Process: p, config: c, log: p.Log}
	if err := a.open(ctx); err != nil {
		return r, errors.Join(err, a.close())
	}
	reach, letGo := context.WithCancel(ctx)
	var parts sync.WaitGroup
	parts.Go(func() { a.warn("Open vSwitch", a.ovs.Run(reach)) })
	parts.Go(func() { a.warn("libvirt", a.host.Run(reach, func(string) {})) })
	a.settle(ctx)
	r, err = a.Rebuild(ctx)
	letGo()
	parts.Wait()
	return r, errors.Join(err, a.close())
}

// bare tells whether there is nothing in the store.
func (a *agent) bare(ctx context.Context) (bare bool, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Copy()
		bare = len(c.Networks)+len(c.Ports)+len(c.Attachments)+len(c.Operations)+len(c.Groups) == 0
		return err
	})
	return bare, err
}

// Rebuild puts into the store what it lacks and what the copies of the servers,
// the markers on this host and, where the store has nothing at all, the newest
// backup say. What the store has stays. The freshest comes first: where two say
// different things of one, the first counts.
func (a *agent) Rebuild(ctx context.Context) (vif.Rebuilt, error) {
	r, _, err := a.rebuild(ctx)
	return r, err
}

// rebuild is Rebuild, and tells whether the whole host could be seen for it.
func (a *agent) rebuild(ctx context.Context) (r vif.Rebuilt, whole bool, err error) {
	bare, err := a.bare(ctx)
	if err != nil {
		return r, false, err
	}
	copies, from := a.serverCopies()
	backup, path := newestBackup(ctx, a.config.StateDir, a.Process)
	backup.Attachments = nil // those of today are elsewhere
	if bare && path != "" {
		from = append(from, path)
	}
	w := a.sight(ctx)
	r, err = a.takeIn(ctx, copies, backup, bare, w)
	r.From = from
	return r, w.whole, err
}

// takeIn puts into the store what it lacks of what was found.
func (a *agent) takeIn(ctx context.Context, copies []store.Copy, backup store.Copy, bare bool, w *sight) (r vif.Rebuilt, err error) {
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		if err := adopt(tx, newestGroups(copies, backup, bare), &r); err != nil {
			return err
		}
		for _, c := range copies {
			if err := adopt(tx, w.still(c), &r); err != nil {
				return err
			}
		}
		if bare {
			if err := adopt(tx, backup, &r); err != nil {
				return err
			}
		}
		return w.adoptMarked(tx, &r)
	})
	return r, err
}

// serverCopies returns the copies of all servers, and the files that they are in.
func (a *agent) serverCopies() (copies []store.Copy, from []string) {
	files, _ := filepath.Glob(filepath.Join(copyDir(a.config.StateDir), "*.json")) // the pattern is right
	for _, file := range files {
		c, err := copyOf(a.config.StateDir, strings.TrimSuffix(filepath.Base(file), ".json"))
		if err != nil {
			a.warn("a copy is of no use", fmt.Errorf("%s: %w", file, err))
			continue
		}
		copies, from = append(copies, withPorts(c)), append(from, file)
	}
	return copies, from
}

// withPorts adds the ports of c's attachments. One that was released is not the
// attachment's any more.
func withPorts(c store.Copy) store.Copy {
	for _, at := range c.Attachments {
		if !at.Released {
			c.Ports = append(c.Ports, at.NIC.Port)
		}
	}
	return c
}

// newestGroups returns the security groups as the copy has them that knows most of
// each; those of the backup only for a store that has nothing. They go ahead of all
// else: a port whose group nobody knew would come back with one that is closed.
func newestGroups(copies []store.Copy, backup store.Copy, bare bool) store.Copy {
	if bare {
		copies = append(slices.Clone(copies), backup)
	}
	newest := map[string]vif.SecurityGroup{}
	for _, c := range copies {
		for _, g := range c.Groups {
			if known, ok := newest[g.ID]; !ok || known.Updated.Before(g.Updated) {
				newest[g.ID] = g
			}
		}
	}
	return store.Copy{Format: store.CopyFormat, Groups: slices.SortedFunc(maps.Values(newest), func(g, h vif.SecurityGroup) int {
		return cmp.Or(g.Created.Compare(h.Created), strings.Compare(g.ID, h.ID))
	})}
}

// adopt puts c into the store and counts.
func adopt(tx *store.Tx, c store.Copy, r *vif.Rebuilt) error {
	taken, left, err := tx.Adopt(c)
	r.Networks += len(taken.Networks)
	r.Subnets += len(taken.Subnets)
	r.Ports += len(taken.Ports)
	r.Attachments += len(taken.Attachments)
	r.Groups += len(taken.Groups)
	r.Left = append(r.Left, left...)
	return err
}
