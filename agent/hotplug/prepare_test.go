package hotplug

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// A clogged is a switch that is known, and does nothing that it is told.
type clogged struct{ *host }

func (clogged) Filter(ctx context.Context, _ vif.NIC) error { <-ctx.Done(); return ctx.Err() }
func (clogged) Plug(ctx context.Context, _ vif.NIC) error   { <-ctx.Done(); return ctx.Err() }

// A server that starts gets all its taps, whatever the switch does, and is not kept
// waiting for it.
func TestPrepareMakesTapsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newHost(), newStore(t)
		e := newEngine(t, h, s)
		e.Switch = clogged{h}
		other := nic
		other.Port.ID, other.Tap, other.OFPort = "second", "tapsecond", nic.OFPort+1
		for _, n := range []vif.NIC{nic, other} {
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				return tx.PutAttachment(store.Attachment{NIC: n, Desired: store.Attached, Settled: true})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		err := e.Prepare(t.Context(), nic.Server)
		if took := time.Since(begun); vif.KindOf(err) != vif.Unavailable || took != prepareTime {
			t.Errorf("it took %v, and ended with %v", took, err)
		}
		for _, n := range []vif.NIC{nic, other} {
			if !h.has("tap %s", n.Tap) {
				t.Errorf("there is no tap %s: %s", n.Tap, h)
			}
		}
	})
}
