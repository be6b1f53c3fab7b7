// Package local is the authority of a host that has no other: its networks,
// subnets and ports are in the host's own store.
package local

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"vifd/agent/store"
	"vifd/vif"
)

// What Defaults are when nobody says.
const (
	DefaultBridge     = "br-int"
	DefaultMTU        = 1500
	DefaultQuarantine = time.Minute
)

// Defaults are what a network gets that does not say.
type Defaults struct {
	Bridge     string           // "" is DefaultBridge
	MTU        int              // 0 is DefaultMTU
	Quarantine time.Duration    // how long an address rests after it was given back; 0 is not at all
	Now        func() time.Time // nil is time.Now
}

// A Local decides which networks, subnets and ports exist, and which server
// holds which port. Each of its methods does all it says or nothing, and what
// it has done outlives vifd. They may be called at the same time.
type Local struct {
	store    *store.Store
	host     string
	defaults Defaults
	start    time.Time
	dated    atomic.Bool // see date
}

// New returns the authority for the ports of the host with that name.
func New(s *store.Store, host string, d Defaults) *Local {
	if d.Bridge == "" {
		d.Bridge = DefaultBridge
	}
	if d.MTU == 0 {
		d.MTU = DefaultMTU
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Local{store: s, host: host, defaults: d, start: d.Now()}
}

// now returns the time as it has passed since New, whatever has been done to
// the clock of the machine since.
func (l *Local) now() time.Time { return l.start.Add(l.defaults.Now().Sub(l.start)).UTC() }

// read returns what fn finds in the store.
func read[T any](ctx context.Context, l *Local, fn func(*store.Tx) (T, error)) (found T, err error) {
	err = l.store.View(ctx, func(tx *store.Tx) error {
		found, err = fn(tx)
		return err
	})
	return found, err
}

// change returns what fn has made in the store, once it is kept.
func change[T any](ctx context.Context, l *Local, fn func(*store.Tx) (T, error)) (T, error) {
	var made, none T
	if err := l.date(ctx); err != nil {
		return none, err
	}
	err := l.store.Update(ctx, func(tx *store.Tx) (err error) {
		made, err = fn(tx)
		return err
	})
	if err != nil {
		return none, err
	}
	return made, nil
}

// date makes sure, once and before the first change, that nothing in the store
// rests for longer than it should since the clock was set back while vifd was
// down. It is a change of its own: one that fails would take it back.
func (l *Local) date(ctx context.Context) error {
	if l.dated.Load() {
		return nil
	}
	err := l.store.Update(ctx, func(tx *store.Tx) error { return tx.DateQuarantine(l.now()) })
	l.dated.Store(err == nil)
	return err
}

// missing gives an error of kind NotFound the text.
func missing(err error, format string, args ...any) error {
	if errors.Is(err, vif.NotFound) {
		return vif.NotFound.From(err, format, args...)
	}
	return err
}

// newID returns the id to give to something new: the one that was asked for, or
// one that nothing has.
func newID(asked string) (string, error) {
	if asked == "" {
		return uuid.NewString(), nil
	}
	id, err := uuid.Parse(asked)
	if err != nil {
		return "", vif.Invalid.Because("'%s' is not a UUID.", asked)
	}
	return id.String(), nil
}

// fresh refuses an id that something has, as get finds.
func fresh[T any](get func(string) (T, error), id string) error {
	switch _, err := get(id); {
	case errors.Is(err, vif.NotFound):
		return nil
	case err != nil:
		return err
	}
	return vif.InUse.Because("The ID %s is already in use.", id)
}

// maxName is the longest name and project, in characters.
const maxName = 255

func checkNames(names ...string) error {
	for _, name := range names {
		if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
			return vif.Invalid.Because("A name has at most %d characters of UTF-8.", maxName)
		}
	}
	return nil
}
