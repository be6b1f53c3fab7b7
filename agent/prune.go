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
		err := a.store.Update(ctx, func(tx *store.Tx) error { return pruned(tx, time.Now()) })
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

// pruned does it once, whatever the clock has come to since the last time.
func pruned(tx *store.Tx, now time.Time) error {
	dated := tx.Redate(now)
	_, operations := tx.PruneOperations(now.Add(-store.OperationsKept))
	_, answers := tx.PruneAnswers(now.Add(-store.AnswersKept))
	_, events := tx.PruneEvents(now.Add(-store.EventsKept))
	return errors.Join(dated, operations, answers, events)
}
