package agent

import (
	"slices"
	"testing"

	"vifd/agent/store"
	"vifd/vif"
)

// What is taken in by its marks is what the server has: its next start opens the
// tap as its definition says, and its cable stays as it was.
func TestMarksSayWhatTheServerHas(t *testing.T) {
	const port = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
	for name, tt := range map[string]struct {
		has  vif.ServerNIC
		want vif.NIC
	}{
		"one queue":    {vif.ServerNIC{Link: true}, vif.NIC{Queues: 1, Link: vif.LinkUp}},
		"many queues":  {vif.ServerNIC{Link: true, Queues: 4, Offload: true}, vif.NIC{Queues: 4, Link: vif.LinkUp, Offload: true}},
		"link is down": {vif.ServerNIC{Queues: 2}, vif.NIC{Queues: 2, Link: vif.LinkDown}},
	} {
		t.Run(name, func(t *testing.T) {
			a := withStore(t)
			tt.has.Tap = "tap6ba7b810-9d"
			w := &sight{
				ports: map[string]vif.SwitchPort{port: {Groups: "g1,g2", Secure: true, Port: port, Name: tt.has.Tap, OFPort: store.FirstOFPort, Bridge: "br-int", VLAN: 7, Gen: 3, MAC: "fa:16:3e:00:00:01"}},
				nics:  map[string]shown{port: {aServer, tt.has}}, servers: true,
			}
			var r vif.Rebuilt
			var got store.Attachment
			err := a.store.Update(t.Context(), func(tx *store.Tx) (err error) {
				if err = w.adoptMarked(tx, &r); err == nil {
					got, err = tx.Attachment(port)
				}
				return err
			})
			n := got.NIC
			if err != nil || r.Attachments != 1 || n.Queues != tt.want.Queues || n.Link != tt.want.Link || n.Offload != tt.want.Offload {
				t.Errorf("taken in: %+v, %+v, %v", r, n, err)
			}
			// The rules of its groups are lost: nothing passes by them.
			if err := a.store.View(t.Context(), func(tx *store.Tx) error {
				p, err := tx.Port(port)
				if !slices.Equal(p.Groups, []string{"g1", "g2"}) || !slices.Equal(n.Port.Groups, p.Groups) || len(n.Port.Passes) > 0 {
					t.Errorf("the port has %v, its NIC %v, and lets pass %v", p.Groups, n.Port.Groups, n.Port.Passes)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
}
