package agent

import (
	"context"
	"time"

	"vifd/agent/store"
)

// pruning is how often old operations are looked for.
const pruning = time.Hour

// prune deletes operations that are older than they are kept, at once and now
// and then, until ctx ends.
func (a *agent) prune(ctx context.Context) {
	turn := time.NewTicker(pruning)
	defer turn.Stop()
	for {
		err := a.store.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.PruneOperations(time.Now().Add(-store.OperationsKept))
			return err
		})
		if ctx.Err() == nil {
			a.warn("old operations are kept", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}
