package agent

import (
	"context"
	"time"

	"vifd/agent/store"
)

// pruning is how often old operations are looked for.
const pruning = time.Hour

// prune deletes operations and answers that are older than they are kept, at
// once and now and then, until ctx ends.
func (a *agent) prune(ctx context.Context) {
	turn := time.NewTicker(pruning)
	defer turn.Stop()
	for {
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.PruneOperations(time.Now().Add(-store.OperationsKept))
			if err == nil {
				_, err = tx.PruneAnswers(time.Now().Add(-store.AnswersKept))
			}
			return err
		})
		if ctx.Err() == nil {
			a.warn("old operations and answers are kept", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}
