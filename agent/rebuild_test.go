package agent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// What a lost store had of security groups comes back from the copies of servers:
// of each group what was known last of it. A port whose group no copy knows has it
// all the same, without rules.
func TestGroupsComeBack(t *testing.T) {
	a := withStore(t)
	now := time.Now().UTC()
	network := vif.Network{ID: "n1", Name: "blue", Segment: vif.Segment{Bridge: "br-int", VLAN: 7}, MTU: 1500}
	group := func(age time.Duration, rules ...vif.SecurityRule) vif.SecurityGroup {
		return vif.SecurityGroup{ID: "g1", Name: "web", Created: now, Updated: now.Add(-age), Rules: rules}
	}
	old := group(time.Hour, vif.SecurityRule{ID: "r1", Direction: vif.Ingress, Version: 4}, vif.SecurityRule{ID: "r2", Direction: vif.Ingress, Version: 6})
	late := group(0, old.Rules[1])
	for i, g := range []vif.SecurityGroup{old, late, old} {
		server := strings.Replace(aServer, "1111", []string{"1111", "2222", "3333"}[i], 1)
		port := vif.Port{ID: []string{"p1", "p2", "p3"}[i], Network: "n1", MAC: []string{"52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"}[i],
			MTU: 1500, Segment: network.Segment, Device: server, Claim: 1, Groups: []string{"g1"}}
		if i == 2 {
			port.Groups = []string{"g1", "g9"}
		}
		at := store.Attachment{Desired: store.Attached, Settled: true, NIC: vif.NIC{Server: server, Tap: "tap" + port.ID, OFPort: 20000 + i, Gen: 5, Port: port}}
		text, err := json.Marshal(store.Copy{Format: store.CopyFormat, Networks: []vif.Network{network}, Attachments: []store.Attachment{at}, Groups: []vif.SecurityGroup{g}})
		if err := os.MkdirAll(copyDir(a.config.StateDir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copyDir(a.config.StateDir), server+".json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	copies, _ := a.serverCopies()
	r, err := a.takeIn(t.Context(), copies, store.Copy{}, false, &sight{}) // of a host that shows nothing
	if err != nil || r.Groups != 1 || r.Ports != 3 || !slices.ContainsFunc(r.Left, func(l string) bool { return strings.HasPrefix(l, "security group g9: its rules are lost") }) {
		t.Errorf("%+v, %v", r, err)
	}
	if err := a.store.View(t.Context(), func(tx *store.Tx) error {
		g, err := tx.SecurityGroup("g1")
		if len(g.Rules) != 1 || g.Rules[0].ID != "r2" {
			t.Errorf("the rules are %+v", g.Rules)
		}
		p, portErr := tx.Port("p3")
		lost, lostErr := tx.SecurityGroup("g9")
		if !slices.Equal(p.Groups, []string{"g1", "g9"}) || len(lost.Rules) > 0 {
			t.Errorf("p3 has %v, and g9 is %+v", p.Groups, lost)
		}
		return firstOf(err, portErr, lostErr)
	}); err != nil {
		t.Error(err)
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
