package agent

import (
	"context"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// tokens are the tokens of a store, as the API asks for them.
type tokens struct{ store *store.Store }

func (t tokens) Tokens(ctx context.Context) (all []vif.Token, err error) {
	err = t.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Tokens()
		return err
	})
	return all, err
}

func (t tokens) Token(ctx context.Context, id string) (found vif.Token, err error) {
	err = t.store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.Token(id)
		return err
	})
	return found, err
}

func (t tokens) PutToken(ctx context.Context, token vif.Token) error {
	return t.store.Update(ctx, func(tx *store.Tx) error { return tx.PutToken(token) })
}

func (t tokens) UseToken(ctx context.Context, id string, at time.Time) error {
	return t.store.Update(ctx, func(tx *store.Tx) error { return tx.UseToken(id, at) })
}

func (t tokens) DropToken(ctx context.Context, id string) error {
	return t.store.Update(ctx, func(tx *store.Tx) error { return tx.DropToken(id) })
}
