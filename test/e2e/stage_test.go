package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vifd/test/testcerts"
	"vifd/test/testhost"
)

// Who and what is named in the exchanges.
const (
	vm1, vm2, vmo         = "5407e7e4-25cb-4b37-bd79-f0026fd1fda0", "ba94335d-9af5-45ac-aea3-e153df13d9fe", "279900ef-01f2-4d4e-aa71-e6a9d876101a"
	net88, net89, net90   = "5854f85f-ae2b-4db5-bd06-ccdae809f772", "adf46dde-7ea5-49d3-8b2c-7d09ca42e456", "b295a661-f5de-4db1-8489-3e83563f23e3"
	sub88, sub89, sub90   = "c57b1033-ab42-4af3-9439-626d9f3b1e7d", "465f3d02-1cbb-4c5a-9fbc-884f77a845c4", "40df7a4c-7444-4d47-860f-f7eb2a98b467"
	project, otherProject = "ea0f0b9875ab4ff59ba3ac944acd2bfc", "0123456789abcdef0123456789abcdef"

	portFirst    = "edb70dc6-8a90-47fa-a2b1-e138b040dc79"
	portA, portB = "6b159d31-3976-4f13-8b72-f029b0891255", "cc75cb87-c00b-486a-804c-5d8757b2e706"
	portVM2      = "9d136017-d265-4578-8600-07d1e5e87d85"
	portUWSGI    = "5152da60-2a99-4953-92f5-ed127ac60fdc"
)

// recordedPorts were there before what was asked about them.
var recordedPorts = []struct{ id, net, mac, ip, more string }{
	{portFirst, net88, "fa:16:3e:b9:d6:72", "10.88.0.125", ""},
	{portA, net88, "fa:16:3e:d0:c6:20", "10.88.0.4", ""},
	{portB, net89, "fa:16:3e:1f:74:fd", "10.89.0.60", ""},
	{"345f1cc2-e48a-4f76-9ea3-ef898d47cfaa", net89, "fa:16:3e:90:47:38", "10.89.0.157", ""},
	{"26d848f5-0240-4329-bed3-ac811235b164", net89, "fa:16:3e:90:47:39", "10.89.0.21", `, "device_id": "somebody"`},
	{portVM2, net89, "fa:16:3e:90:47:40", "10.89.0.22", ""},
	{portUWSGI, net89, "fa:16:3e:37:f4:a2", "10.89.0.160", ""},
	{"85c8cb92-5160-4963-b0cf-409a47eedf47", net89, "fa:16:3e:da:f4:2b", "10.89.0.136", ""},
	{"d5ad5d1c-21eb-4092-a526-097e58452a8b", net89, "fa:16:3e:03:7b:db", "10.89.0.27", ""},
	{"9cdfbaec-f80c-4378-961f-70d7de08f94f", net89, "fa:16:3e:9f:a1:2d", "10.89.0.230", ""},
}

// A stage is the host as the exchanges find it: the recorded IDs by those that
// they have here, and who asks.
type stage struct {
	g1, g2, theirs *testhost.Running
	callers        map[string]caller
	ids            map[string]string // recorded to real
	here, there    *strings.Replacer // recorded to real, and back
}

// newStage makes the networks and the ports that the exchanges name, and gives
// the servers to their projects.
func newStage(t *testing.T) stage {
	t.Helper()
	ca := testcerts.New(t)
	doored(t, ca, t.TempDir(), "[compute]\nvirtual_interfaces = \"gone\"\n") // as in the release that was recorded
	s := stage{g1: host.Guest("g1"), g2: host.Guest("g2"), theirs: spare(t, testhost.Guest{Name: "theirs"}), callers: callersOf(t, ca)}
	novaMade(t, "g1", `<name>vm1</name><creationTime>2026-11-22 01:23:33</creationTime><flavor name="bc7785fd-3c5f-4023-b226-df39af935f81"/><owner><user uuid="cb9b5dbd658d4a98a2e7858d28e9896d"/><project uuid="`+
		project+`"/></owner><root type="image" uuid="de569614-64fd-4cd3-8bce-e0e68bcc43e0"/>`)
	novaMade(t, "g2", `<owner><project uuid="`+project+`"/></owner>`)
	novaMade(t, "theirs", `<owner><project uuid="`+otherProject+`"/></owner>`)
	s.ids = map[string]string{vm1: s.g1.UUID, vm2: s.g2.UUID, vmo: s.theirs.UUID}
	for _, n := range []struct {
		id, subnet, name, project string
		vlan                      int
	}{{net88, sub88, "peer-net88", project, 88}, {net89, sub89, "net89", project, 89}, {net90, sub90, "net90", otherProject, 90}} {
		made := create(t, "network", fmt.Sprintf(`{"name": %q, "project_id": %q, "provider:network_type": "vlan", "provider:segmentation_id": %d}`, n.name, n.project, n.vlan))
		s.ids[n.id] = fmt.Sprint(made["id"])
		sub := create(t, "subnet", fmt.Sprintf(`{"network_id": %q, "project_id": %q, "ip_version": 4, "cidr": "10.%d.0.0/24"}`, s.ids[n.id], n.project, n.vlan))
		s.ids[n.subnet] = fmt.Sprint(sub["id"])
	}
	for _, p := range recordedPorts {
		s.ids[p.id], _ = createPort(t, fmt.Sprintf(`{"network_id": %q, "project_id": %q, "mac_address": %q, "fixed_ips": [{"ip_address": %q}]%s}`,
			s.ids[p.net], project, p.mac, p.ip, p.more))
	}
	var here, there []string
	for recorded, real := range s.ids {
		here, there = append(here, recorded, real), append(there, real, recorded)
		here = append(here, strings.ReplaceAll(recorded, "-", ""), strings.ReplaceAll(real, "-", ""))
	}
	s.here, s.there = strings.NewReplacer(here...), strings.NewReplacer(there...)
	return s
}

// server returns the server that a path names.
func (s stage) server(path string) *testhost.Running {
	for id, g := range map[string]*testhost.Running{vm2: s.g2, vmo: s.theirs} {
		if strings.Contains(path, id) {
			return g
		}
	}
	return s.g1
}

// A wanted port is one that a server has, with its tag.
type wantedPort struct{ id, tag string }

// has sees that the server has these ports and no others, in their order.
func (s stage) has(t *testing.T, g *testhost.Running, want ...wantedPort) {
	t.Helper()
	said, same := s.says(t, g, want)
	if same {
		return
	}
	for _, n := range said {
		takeOut(t, g, n.Port)
	}
	for _, w := range want {
		tag := ""
		if w.tag != "" {
			tag = `, "tag": "` + w.tag + `"`
		}
		ask(t, "POST", interfaces(g), `{"interfaceAttachment": {"port_id": "`+s.ids[w.id]+`"`+tag+`}}`, shown).is(t, 200)
	}
	if said, same := s.says(t, g, want); !same {
		t.Errorf("%s has %+v, and should have %+v", g.Name, said, want)
	}
}

// says returns what the server is said to have, and whether that is as wanted.
func (s stage) says(t *testing.T, g *testhost.Running, want []wantedPort) ([]nic, bool) {
	t.Helper()
	var said struct{ InterfaceAttachments []nic }
	ask(t, "GET", interfaces(g), "", shown).is(t, 200).into(t, &said)
	return said.InterfaceAttachments, slices.EqualFunc(said.InterfaceAttachments, want, func(n nic, w wantedPort) bool {
		return n.Port == s.ids[w.id] && n.tag() == w.tag
	})
}

// scenes say how the servers stood before an exchange, by how its name begins,
// where that is not with the first port in vm1 and none in vm2, or what the
// answer lists.
var scenes = []struct {
	prefix   string
	vm1, vm2 []wantedPort
	also     func(t *testing.T, s stage) (undo func())
}{
	{"err-locked-", []wantedPort{{portFirst, ""}}, nil, locked},
	{"locked-admin", []wantedPort{{portFirst, ""}}, nil, locked},
	{"err-port-in-use-", []wantedPort{{portA, ""}}, nil, nil},
	{"err-show-other-servers-", nil, []wantedPort{{portVM2, ""}}, nil},
	{"show-2.70-tagged", []wantedPort{{portA, "nic-a"}}, nil, nil},
	{"del-last-nic", nil, []wantedPort{{portVM2, ""}}, nil},
	{"del-again-immediately", []wantedPort{{portA, ""}}, nil, leaving},
	{"uwsgi-ok-delete", []wantedPort{{portUWSGI, ""}}, nil, nil},
	{"addFixedIp-2.1", []wantedPort{{portB, ""}}, nil, nil},
	{"err-state-suspended", nil, nil, saved},
	{"state-paused-delete", nil, []wantedPort{{portB, ""}}, func(t *testing.T, s stage) func() { return paused(t, s.g2) }},
	{"state-shutoff", nil, nil, off},
}

// set brings the servers to where e finds them, and returns what ends that.
func (s stage) set(t *testing.T, e exchange) (undo func()) {
	t.Helper()
	for _, scene := range scenes {
		if strings.HasPrefix(e.name, scene.prefix) {
			s.has(t, s.g1, scene.vm1...)
			s.has(t, s.g2, scene.vm2...)
			if scene.also != nil {
				return scene.also(t, s)
			}
			return func() {}
		}
	}
	s.has(t, s.g2)
	s.has(t, s.g1, listedIn(t, e)...)
	return func() {}
}

// listedIn returns the ports that an answer lists; without a list it is the first.
func listedIn(t *testing.T, e exchange) (list []wantedPort) {
	t.Helper()
	if !strings.HasPrefix(e.answer, `{"interfaceAttachments": [{`) || e.method != http.MethodGet {
		return []wantedPort{{portFirst, ""}}
	}
	var said struct{ InterfaceAttachments []nic }
	if err := json.Unmarshal([]byte(e.answer), &said); err != nil {
		t.Fatal(err)
	}
	for _, n := range said.InterfaceAttachments {
		list = append(list, wantedPort{n.Port, n.tag()})
	}
	return list
}

func locked(t *testing.T, s stage) (undo func()) {
	path := "/v2.1/servers/" + s.g1.UUID + "/action"
	ask(t, "POST", path, `{"lock": null}`).is(t, 202)
	return func() { ask(t, "POST", path, `{"unlock": null}`).is(t, 202) }
}

// paused stops a guest, which then cannot let go of anything.
func paused(t *testing.T, g *testhost.Running) (undo func()) {
	sh(t, "virsh suspend "+g.Name)
	return func() { sh(t, "virsh resume "+g.Name) }
}

// leaving has a detach under way, of a guest that does not answer.
func leaving(t *testing.T, s stage) (undo func()) {
	undo = paused(t, s.g1)
	ask(t, "DELETE", interfaces(s.g1)+"/"+s.ids[portA], "").is(t, 202)
	return undo
}

func saved(t *testing.T, s stage) (undo func()) {
	sh(t, "virsh managedsave g2")
	return func() { sh(t, "virsh start g2"); in(t, s.g2, "true") }
}

func off(t *testing.T, s stage) (undo func()) {
	sh(t, "virsh destroy g2")
	return func() { bootGuest(t, s.g2) }
}
