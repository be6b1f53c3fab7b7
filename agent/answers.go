package agent

import (
	"context"

	"vifd/agent/store"
	"vifd/vif"
)

// answers are what the API has answered, in the store.
type answers struct{ *store.Store }

// Answer returns what was answered to the caller under the key.
func (s answers) Answer(ctx context.Context, caller, key string) (a vif.Answer, err error) {
	err = s.View(ctx, func(tx *store.Tx) error {
		a, err = tx.Answer(caller, key)
		return err
	})
	return a, err
}

// PutAnswer keeps an answer.
func (s answers) PutAnswer(ctx context.Context, a vif.Answer) error {
	return s.Update(ctx, func(tx *store.Tx) error { return tx.PutAnswer(a) })
}
