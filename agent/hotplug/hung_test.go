package hotplug

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"vifd/vif"
)

// A hung is a switch that answers nothing that ovs-vswitchd is asked.
type hung struct{ *host }

func (hung) Rules(ctx context.Context, _ string, _ []vif.NIC) (vif.Rules, error) {
	<-ctx.Done()
	return vif.Rules{}, ctx.Err()
}

func (hung) Bridge(ctx context.Context, _ string) (vif.Bridge, error) {
	<-ctx.Done()
	return vif.Bridge{}, ctx.Err()
}

func (hung) Lay(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

// A pass has no end of its own: without one, a switch that hangs would keep it from
// mending anything, and a vifd that starts from ever being ready. Nor shall it cost
// an attach all its time.
func TestSwitchHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, s := time.Now(), hung{newHost()}
		w := &world{}
		w.SwitchKnown = true
		w.seeFlows(t.Context(), s)
		if took := time.Since(begun); took != flowsTime || w.SwitchKnown {
			t.Errorf("flows were waited for %v, and the switch is known: %v", took, w.SwitchKnown)
		}
		begun = time.Now()
		e := &Engine{Parts: Parts{Switch: s}}
		if err := e.layOne(t.Context(), "br-int"); err == nil || time.Since(begun) != answer {
			t.Errorf("base flows were waited for %v: %v", time.Since(begun), err)
		}
		begun = time.Now()
		if _, err := e.bridge(t.Context(), nic.Port); err == nil || time.Since(begun) != answer {
			t.Errorf("the bridge was waited for %v: %v", time.Since(begun), err)
		}
	})
}
