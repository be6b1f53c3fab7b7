package agent

import (
	"context"
	"errors"
	"time"

	"vifd/agent/store"
)

// pruning is how often old operations are looked for.
const pruning = time.Hour

// prune deletes operations, answers and events that are older than they are kept,
// at once and now and then, until ctx ends.
func (a *agent) prune(ctx context.Context) {
	turn := time.NewTicker(pruning)
	defer turn.Stop()
	for {
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			_, operations := tx.PruneOperations(time.Now().Add(-store.OperationsKept))
			_, answers := tx.PruneAnswers(time.Now().Add(-store.AnswersKept))
			_, events := tx.PruneEvents(time.Now().Add(-store.EventsKept))
			return errors.Join(operations, answers, events)
		})
		if ctx.Err() == nil {
			a.warn("old operations, answers and events are kept", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}
