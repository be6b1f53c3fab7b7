package hotplug

import (
	"context"

	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/fail"
)

// persist writes what the answer of an attach did not wait for: the NIC in the
// server's definition, its tag in the metadata, its address in the store. What
// fails here is left to Recover.
func (e *Engine) persist(ctx context.Context, a store.Attachment) {
	ctx, cancel := e.undoContext(ctx, 0)
	defer cancel()
	if err := e.keep(ctx, a); err != nil {
		e.Log.Warn("the definition lacks the NIC, and gets it later", "port", a.NIC.Port.ID, "server", a.NIC.Server, "err", err)
	}
}

func (e *Engine) keep(ctx context.Context, a store.Attachment) error {
	pci, err := e.Hypervisor.Persist(ctx, a.NIC)
	if err = fail.At(fail.A10, err); err != nil {
		return err
	}
	// One that was plugged ahead of its tap does not say yet which device it is.
	if err := e.Switch.Plug(ctx, a.NIC); err != nil {
		return err
	}
	return e.amend(ctx, a.NIC, func(row *store.Attachment) {
		row.Persisted, row.NIC.PCI = true, pci
	})
}

// amend changes the row of n's attachment, if it is still the same one.
func (e *Engine) amend(ctx context.Context, n vif.NIC, change func(*store.Attachment)) error {
	return e.Store.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Attachment(n.Port.ID)
		if err != nil || row.NIC.Gen != n.Gen {
			return err
		}
		change(&row)
		return e.put(tx, row)
	})
}

// show is the step as Recover does it, with the switch's part already done.
func (e *Engine) show(ctx context.Context, n vif.NIC) error {
	return e.Hypervisor.Show(ctx, n, n.Link.Up())
}
