package agent

import (
	"os"
	"path/filepath"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

const aServer = "11111111-1111-4111-8111-111111111111"

// The file of a server is that of its attachments, and goes with the last. A
// file that is torn is an error, and one that is not there is an empty copy.
func TestCopies(t *testing.T) {
	a, written := withStore(t), map[string]store.Stamp{}
	at := store.Attachment{Desired: store.Attached, NIC: vif.NIC{Server: aServer, Tap: "tap1", OFPort: 20000, Gen: 5,
		Port: vif.Port{ID: "p1", Network: "n1", Segment: vif.Segment{Bridge: "br-int", VLAN: 7}}}}
	steps := []struct {
		do   func(tx *store.Tx) error
		want int
	}{
		{func(*store.Tx) error { return nil }, 0},
		{func(tx *store.Tx) error { return tx.PutAttachment(at) }, 1},
		{func(tx *store.Tx) error { at.Settled = true; return tx.PutAttachment(at) }, 1},
		{func(tx *store.Tx) error { return tx.DropAttachment("p1", 5) }, 0},
	}
	for i, s := range steps {
		if err := a.store.Update(t.Context(), s.do); err != nil {
			t.Fatal(err)
		}
		if err := a.copyServers(t.Context(), written); err != nil {
			t.Fatal(err)
		}
		c, err := copyOf(a.config.StateDir, aServer)
		if err != nil || len(c.Attachments) != s.want || s.want > 0 && c.Attachments[0].Settled != at.Settled {
			t.Errorf("step %d: %+v, %v", i, c, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(copyDir(a.config.StateDir), "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(copyDir(a.config.StateDir), aServer+".json"), []byte(`{"format": 1, "netw`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := copyOf(a.config.StateDir, aServer); err == nil {
		t.Error("a torn file is none")
	}
	if _, err := copyOf(a.config.StateDir, "../vifd"); vif.KindOf(err) != vif.Invalid {
		t.Errorf("a server with a path for a name: %v", err)
	}
}

// A copy that cannot be put on the disk is an error, and the one before it stays
// what it was. /dev/null takes all that is written, and cannot be synced.
func TestCopyIsSynced(t *testing.T) {
	a, written := withStore(t), map[string]store.Stamp{}
	for i, settled := range []bool{false, true} {
		at := store.Attachment{Desired: store.Attached, Settled: settled, NIC: vif.NIC{Server: aServer, Tap: "tap1", OFPort: 20000, Gen: 5, Port: vif.Port{ID: "p1"}}}
		if err := a.store.Update(t.Context(), func(tx *store.Tx) error { return tx.PutAttachment(at) }); err != nil {
			t.Fatal(err)
		}
		err := a.copyServers(t.Context(), written)
		if (err == nil) != (i == 0) {
			t.Errorf("copy %d: %v", i, err)
		}
		if i == 0 {
			if err := os.Symlink(os.DevNull, filepath.Join(copyDir(a.config.StateDir), "."+aServer)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c, err := copyOf(a.config.StateDir, aServer); err != nil || len(c.Attachments) != 1 || c.Attachments[0].Settled {
		t.Errorf("the copy before: %+v, %v", c, err)
	}
}
