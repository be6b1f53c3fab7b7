package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"vifd/agent/store"
	"vifd/vif"
)

// For each server that has NICs there is a file beside the store with a copy of
// what the store has of them. A server that starts while vifd does not run gets
// its taps by it, and a store that is lost its rows.

// copies keeps the files until ctx ends: a moment after each change, and on the
// way of none.
func (a *agent) copies(ctx context.Context) {
	written := map[string]store.Stamp{}
	for ctx.Err() == nil {
		changed := a.store.Changed()
		err := a.copyServers(ctx, written)
		if ctx.Err() == nil {
			a.warn("the copies beside the store are older than it", err)
		}
		select {
		case <-ctx.Done():
		case <-changed:
			wait(ctx, burst)
		}
	}
}

// copyServers writes the files of the servers whose stamps are not those written,
// and removes those of servers that have nothing any more.
func (a *agent) copyServers(ctx context.Context, written map[string]store.Stamp) error {
	dir := copyDir(a.config.StateDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var stamps map[string]store.Stamp
	err := a.store.View(ctx, func(tx *store.Tx) (err error) {
		stamps, err = tx.Stamps()
		return err
	})
	if err != nil {
		return err
	}
	for server, stamp := range stamps {
		if written[server] != stamp {
			err = errors.Join(err, a.copyServer(ctx, dir, server))
		}
	}
	err = errors.Join(err, dropCopies(dir, stamps))
	if !maps.Equal(written, stamps) {
		err = errors.Join(err, syncDir(dir))
	}
	if err == nil {
		clear(written)
		maps.Copy(written, stamps)
	}
	return err
}

func (a *agent) copyServer(ctx context.Context, dir, server string) error {
	if !serverID.MatchString(server) {
		return fmt.Errorf("server %q cannot have a file", server)
	}
	var c store.Copy
	err := a.store.View(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.CopyOf(server)
		return err
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	part := filepath.Join(dir, "."+server)
	if err := writeThrough(part, text); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, filepath.Join(dir, server+".json"))
}

// writeThrough writes a file that is on the disk when it returns nil.
func writeThrough(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir puts on the disk which files are in dir, and under which names.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// dropCopies removes the files of servers that are not among those.
func dropCopies(dir string, servers map[string]store.Stamp) (err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, file := range files {
		if _, there := servers[strings.TrimSuffix(filepath.Base(file), ".json")]; !there {
			err = errors.Join(err, os.Remove(file))
		}
	}
	return err
}

// serverID keeps whatever is no UUID from naming a file.
var serverID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func copyDir(state string) string { return filepath.Join(state, "servers") }

// copyOf returns the copy of a server. One that has no NIC has an empty copy.
func copyOf(state, server string) (c store.Copy, err error) {
	c.Format = store.CopyFormat
	if !serverID.MatchString(server) {
		return c, vif.Invalid.Because("%q is not the ID of a server", server)
	}
	text, err := os.ReadFile(filepath.Join(copyDir(state), server+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err == nil && c.Format != store.CopyFormat {
		err = vif.Unsupported.Because("the copy of server %s has the format %d, and this vifd reads %d", server, c.Format, store.CopyFormat)
	}
	return c, err
}
