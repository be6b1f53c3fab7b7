package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"vifd/vif"
)

// tokens are tokens in memory.
type tokens struct {
	mu  sync.Mutex
	all []vif.Token
}

func (k *tokens) Tokens(context.Context) ([]vif.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.all), nil
}

func (k *tokens) Token(_ context.Context, id string) (vif.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return get(k.all, id, func(t vif.Token) string { return t.ID })
}

func (k *tokens) PutToken(_ context.Context, t vif.Token) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.ContainsFunc(k.all, func(other vif.Token) bool { return other.Name == t.Name }) {
		return vif.InUse.Because("There is a token with the name %s.", t.Name)
	}
	k.all = append(k.all, t)
	return nil
}

func (k *tokens) UseToken(context.Context, string, time.Time) error { return nil }

func (k *tokens) DropToken(_ context.Context, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = slices.DeleteFunc(k.all, func(t vif.Token) bool { return t.ID == id })
	return nil
}
