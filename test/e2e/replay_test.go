package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// Who and what is named in the exchanges.
const (
	vm1, vm2     = "5407e7e4-25cb-4b37-bd79-f0026fd1fda0", "ba94335d-9af5-45ac-aea3-e153df13d9fe"
	net88, net89 = "5854f85f-ae2b-4db5-bd06-ccdae809f772", "adf46dde-7ea5-49d3-8b2c-7d09ca42e456"
	sub88, sub89 = "c57b1033-ab42-4af3-9439-626d9f3b1e7d", "465f3d02-1cbb-4c5a-9fbc-884f77a845c4"
	portFirst    = "edb70dc6-8a90-47fa-a2b1-e138b040dc79"
	portA, portB = "6b159d31-3976-4f13-8b72-f029b0891255", "cc75cb87-c00b-486a-804c-5d8757b2e706"
	portC        = "345f1cc2-e48a-4f76-9ea3-ef898d47cfaa"
	portHeld     = "26d848f5-0240-4329-bed3-ac811235b164"
	portVM2      = "9d136017-d265-4578-8600-07d1e5e87d85"
)

// elsewhere are the exchanges that cannot be had here, by how their names begin,
// and why. agent/api replays all of them against a world in memory.
var elsewhere = []struct{ prefix, why string }{
	{"err-locked-", "root may change what is locked"},
	{"other-project-", "root is of no project, and sees all"},
	{"err-other-project-server", "likewise"},
	{"no-body", "a server of another project is named, and root has none"},
	{"ok-empty-body", "likewise"},
	{"ok-empty-item-single-net", "likewise"},
	{"err-no-token", "at the socket the kernel says who asks"},
	{"err-bad-token", "likewise"},
	{"err-port-quota", "the local authority has no quota"},
	{"err-state-", "libvirt cannot be brought into it here; TestSaved and TestPaused have what can be"},
	{"state-", "likewise; TestOff and TestPaused"},
	{"del-again-immediately", "TestDetachAtOnce"},
	{"server-show-2.1", "the guest was not made by Nova, and has neither image nor flavor"},
	{"uwsgi-ok-delete", "as del-last-nic"},
	{"addFixedIp-2.1", "the guest is not on that network there; TestTempest"},
	{"virtual-interfaces-", "they are gone only where the configuration says so; TestDialects"},
}

// A stage is the host as the exchanges find it: the recorded IDs by those that
// they have here.
type stage struct {
	g1, g2 *testhost.Running
	here   *strings.Replacer // recorded to real
	there  *strings.Replacer // real to recorded
}

// TestReplay puts the recorded requests to the real vifd. It has to answer a
// fault word for word, and else with the same members.
func TestReplay(t *testing.T) {
	clean(t)
	s := newStage(t)
	all := slices.DeleteFunc(exchanges(t), func(e exchange) bool {
		return slices.ContainsFunc(elsewhere, func(x struct{ prefix, why string }) bool { return strings.HasPrefix(e.name, x.prefix) })
	})
	t.Run("empty", func(t *testing.T) {
		s.replay(t, all, func(e exchange) bool { return !s.plugged(e) && e.name != "locked-admin" })
	})
	ask(t, "POST", "/v2.1/servers/"+s.g1.UUID+"/action", `{"lock": null}`).is(t, 202)
	t.Run("locked", func(t *testing.T) { s.replay(t, all, func(e exchange) bool { return e.name == "locked-admin" }) })
	ask(t, "POST", "/v2.1/servers/"+s.g1.UUID+"/action", `{"unlock": null}`).is(t, 202)
	attach(t, s.g1, `{"port_id": "`+s.here.Replace(portFirst)+`"}`)
	attach(t, s.g1, `{"port_id": "`+s.here.Replace(portA)+`", "tag": "nic-a"}`)
	attach(t, s.g2, `{"port_id": "`+s.here.Replace(portVM2)+`"}`)
	t.Run("plugged", func(t *testing.T) { s.replay(t, all, s.plugged) })
}

// plugged tells whether e is about NICs that are there.
func (s stage) plugged(e exchange) bool {
	named := []string{"err-port-in-use-", "err-show-other-servers-", "del-last-nic", "del-wrong-server", "instance-actions"}
	return slices.ContainsFunc(named, func(n string) bool { return strings.HasPrefix(e.name, n) }) ||
		e.method == "GET" && strings.Contains(e.answer, "port_id")
}

// newStage makes the networks and the ports that the exchanges name.
func newStage(t *testing.T) stage {
	t.Helper()
	s := stage{g1: host.Guest("g1"), g2: host.Guest("g2")}
	ids := map[string]string{vm1: s.g1.UUID, vm2: s.g2.UUID}
	for _, n := range []struct {
		id, subnet, name string
		vlan             int
	}{{net88, sub88, "peer-net88", 88}, {net89, sub89, "net89", 89}} {
		made := create(t, "network", fmt.Sprintf(`{"name": %q, "provider:network_type": "vlan", "provider:segmentation_id": %d}`, n.name, n.vlan))
		ids[n.id] = fmt.Sprint(made["id"])
		sub := create(t, "subnet", fmt.Sprintf(`{"network_id": %q, "ip_version": 4, "cidr": "10.%d.0.0/24"}`, ids[n.id], n.vlan))
		ids[n.subnet] = fmt.Sprint(sub["id"])
	}
	for _, p := range []struct{ id, net, mac, more string }{
		{portFirst, net88, "fa:16:3e:b9:d6:72", ""}, {portA, net88, "fa:16:3e:d0:c6:20", ""},
		{portB, net89, "fa:16:3e:1f:74:fd", ""}, {portC, net89, "fa:16:3e:90:47:38", ""}, {portVM2, net89, "fa:16:3e:90:47:40", ""},
		{portHeld, net89, "fa:16:3e:90:47:39", `, "device_id": "somebody"`},
	} {
		ids[p.id], _ = createPort(t, fmt.Sprintf(`{"network_id": %q, "mac_address": %q%s}`, ids[p.net], p.mac, p.more))
	}
	var here, there []string
	for recorded, real := range ids {
		here, there = append(here, recorded, real), append(there, real, recorded)
		here = append(here, strings.ReplaceAll(recorded, "-", ""), strings.ReplaceAll(real, "-", ""))
	}
	s.here, s.there = strings.NewReplacer(here...), strings.NewReplacer(there...)
	return s
}

// replay puts those of the exchanges that are wanted, and takes out again what they
// have put in.
func (s stage) replay(t *testing.T, all []exchange, wanted func(exchange) bool) {
	done := 0
	for _, e := range all {
		if !wanted(e) {
			continue
		}
		done++
		t.Run(e.name, func(t *testing.T) {
			a, err := send(within(t, patience), e.method, s.here.Replace(e.path), s.here.Replace(e.body), e.sent...)
			if err != nil {
				t.Fatal(err)
			}
			s.compare(t, e, a)
			if e.method == "POST" && a.Status == http.StatusOK {
				g := s.g1
				if strings.Contains(e.path, vm2) {
					g = s.g2
				}
				takeOut(t, g, nicOf(t, a).Port)
			}
		})
	}
	if done == 0 {
		t.Error("nothing was replayed")
	}
}

func (s stage) compare(t *testing.T, e exchange, got answer) {
	t.Helper()
	body := s.there.Replace(got.Body)
	if got.Status != e.status {
		t.Fatalf("status %d, want %d: %s", got.Status, e.status, body)
	}
	if e.fails() && body != e.answer {
		t.Errorf("answer\n%s\nwant\n%s", body, e.answer)
	}
	if have, want := shape(t, body), shape(t, e.answer); !e.fails() && e.answer != "" && have != want {
		t.Errorf("members\n%s\nwant\n%s\nin %s", have, want, body)
	}
	for _, name := range []string{"Content-Type", "Openstack-Api-Version", "X-Openstack-Nova-Api-Version", "Vary"} {
		have, want := got.Header.Values(name), e.answered.Values(name)
		if !slices.Equal(have, want) && (name != "Content-Type" || want != nil) {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	for _, name := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id"} {
		if (got.Header.Get(name) != "") != (e.answered.Get(name) != "") {
			t.Errorf("%s: %q, and recorded %q", name, got.Header.Get(name), e.answered.Get(name))
		}
	}
}

// shape returns a JSON text with the names of its members, and of each list its
// first element, but without values.
func shape(t *testing.T, text string) string {
	t.Helper()
	if !strings.HasPrefix(text, "{") {
		return ""
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err, text)
	}
	return shapeOf(v)
}

func shapeOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for name, part := range v {
			parts = append(parts, name+": "+shapeOf(part))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + shapeOf(v[0]) + "]"
	}
	return "."
}
