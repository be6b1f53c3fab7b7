package e2e

import (
	"strings"
	"testing"

	"vifd/test/testhost"
)

// A guest on an i440fx, which has PCI and no PCI Express, gets its NICs, keeps those
// that stay where they are, and is told what to do when its slots are all taken.
func TestOldMachine(t *testing.T) {
	clean(t)
	g := spare(t, testhost.Guest{Name: "old", Old: true})
	a, b, c := plug(t, g.Name, `{"net_id": "$blue", "tag": "db"}`), plug(t, g.Name, `{"net_id": "$red"}`), plug(t, g.Name, `{"net_id": "$blue"}`)
	peer(t, "blue", "10.20.0.250/24")
	in(t, g, "ping -c 2 -W 10 10.20.0.250")
	if tag := a.tag(); tag != "db" {
		t.Errorf("the tag is %q", tag)
	}
	before := []device{defined(t, g, a.Port), defined(t, g, c.Port)}
	detach(t, g, b.Port)
	for i, p := range []plugged{a, c} {
		if now := defined(t, g, p.Port); now != before[i] {
			t.Errorf("what stays is %+v, and was %+v", now, before[i])
		}
	}
	for {
		answer := ask(t, "POST", interfaces(g), `{"interfaceAttachment": {"net_id": "$blue"}}`)
		if answer.Status == 200 {
			continue
		}
		if _, _, why := answer.is(t, 409).fault(t); !strings.Contains(why, "no free PCI slot") || !strings.Contains(why, "pci-bridge") {
			t.Errorf("refused with %s", why)
		}
		break
	}
	if n := len(nics(t, g, true)); n < 20 {
		t.Errorf("the server is full with %d NICs", n)
	}
}
