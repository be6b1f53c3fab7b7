package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

// The names in the recorded exchanges.
const (
	vm1, vm2, vmo  = "5407e7e4-25cb-4b37-bd79-f0026fd1fda0", "ba94335d-9af5-45ac-aea3-e153df13d9fe", "279900ef-01f2-4d4e-aa71-e6a9d876101a"
	building       = "7a568786-ec51-46d3-9438-635f7b514174"
	net88, net89   = "5854f85f-ae2b-4db5-bd06-ccdae809f772", "adf46dde-7ea5-49d3-8b2c-7d09ca42e456"
	sub88, sub89   = "c57b1033-ab42-4af3-9439-626d9f3b1e7d", "465f3d02-1cbb-4c5a-9fbc-884f77a845c4"
	netOther       = "b295a661-f5de-4db1-8489-3e83563f23e3"
	project, other = "ea0f0b9875ab4ff59ba3ac944acd2bfc", "0123456789abcdef0123456789abcdef"

	first, portA, portB = "edb70dc6-8a90-47fa-a2b1-e138b040dc79", "6b159d31-3976-4f13-8b72-f029b0891255", "cc75cb87-c00b-486a-804c-5d8757b2e706"
	portC, portHeld     = "345f1cc2-e48a-4f76-9ea3-ef898d47cfaa", "26d848f5-0240-4329-bed3-ac811235b164"
	portVM2             = "9d136017-d265-4578-8600-07d1e5e87d85"

	groupWeb, groupOther, ruleHTTP = "7a1bd6a4-8c08-4a3c-9a8e-4c8a7a1c2d01", "7a1bd6a4-8c08-4a3c-9a8e-4c8a7a1c2d02", "7a1bd6a4-8c08-4a3c-9a8e-4c8a7a1c2d03"
)

// recordedWorld is the cloud that the exchanges were recorded in.
func recordedWorld() *world {
	flavor, image := "bc7785fd-3c5f-4023-b226-df39af935f81", "de569614-64fd-4cd3-8bce-e0e68bcc43e0"
	w := &world{
		servers: []vif.Server{
			{ID: vm1, Name: "vm1", Domain: "instance-00000001", Project: project, User: "cb9b5dbd658d4a98a2e7858d28e9896d", State: vif.ServerActive,
				Flavor: flavor, Image: image, VCPUs: 1, MemoryMiB: 256, Created: at("2026-11-22T01:23:33Z"), UpSince: at("2026-11-22T01:23:48Z")},
			{ID: vm2, Name: "vm2", Project: project, State: vif.ServerActive},
			{ID: building, Name: "slow", Project: project, State: vif.ServerBuilding},
			{ID: vmo, Name: "vmo", Project: other, State: vif.ServerActive},
		},
		networks: []vif.Network{
			{ID: net88, Name: "peer-net88", Project: project, Segment: vif.Segment{Bridge: "br-int", VLAN: 88}, MTU: 1500, AdminUp: true, Secure: true},
			{ID: net89, Name: "net89", Project: project, Segment: vif.Segment{Bridge: "br-int", VLAN: 89}, MTU: 1500, AdminUp: true, Secure: true},
			{ID: netOther, Name: "net90", Project: other, MTU: 1500, AdminUp: true, Secure: true},
		},
		subnets: []vif.Subnet{
			{ID: sub88, Network: net88, Project: project, CIDR: netip.MustParsePrefix("10.88.0.0/24"), Gateway: netip.MustParseAddr("10.88.0.1"), DHCP: true},
			{ID: sub89, Network: net89, Project: project, CIDR: netip.MustParsePrefix("10.89.0.0/24"), Gateway: netip.MustParseAddr("10.89.0.1"), DHCP: true},
			{ID: "40df7a4c-7444-4d47-860f-f7eb2a98b467", Network: netOther, Project: other, CIDR: netip.MustParsePrefix("10.90.0.0/24")},
		},
		groups: []vif.SecurityGroup{
			{ID: groupWeb, Name: "web", Project: project, Rules: []vif.SecurityRule{{ID: ruleHTTP, Direction: vif.Ingress, Version: 4, Protocol: "tcp",
				First: new(80), Last: new(81), RemotePrefix: netip.MustParsePrefix("10.0.0.0/8")}}},
			{ID: groupOther, Name: "theirs", Project: other},
		},
		ports: []vif.Port{
			{ID: first, Network: net88, Project: project, MAC: "fa:16:3e:b9:d6:72", FixedIPs: mustIP(sub88, "10.88.0.125")},
			{ID: portA, Network: net88, Project: project, MAC: "fa:16:3e:d0:c6:20", FixedIPs: mustIP(sub88, "10.88.0.4")},
			{ID: portB, Network: net89, Project: project, MAC: "fa:16:3e:1f:74:fd", FixedIPs: mustIP(sub89, "10.89.0.60")},
			{ID: portC, Network: net89, Project: project, MAC: "fa:16:3e:90:47:38", FixedIPs: mustIP(sub89, "10.89.0.157")},
			{ID: portHeld, Network: net89, Project: project, MAC: "fa:16:3e:90:47:39", Device: "somebody"},
			{ID: portVM2, Network: net89, Project: project, MAC: "fa:16:3e:90:47:40", FixedIPs: mustIP(sub89, "10.89.0.22")},
		},
	}
	return w
}

// An exchange is a request and what Nova answered.
type exchange struct {
	name, who string
	method    string
	path      string
	sent      http.Header
	body      string
	status    int
	answered  http.Header
	answer    string
}

// A remark in a file of exchanges is a line that begins with "# ".
var remark = regexp.MustCompile(`(?m)^# .*\n`)

func readExchanges(t testing.TB, file string) []exchange {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var list []exchange
	for part := range strings.SplitSeq(strings.TrimPrefix(remark.ReplaceAllString(string(raw), ""), "== "), "\n== ") {
		request, answer, _ := strings.Cut(part, "\n-- ")
		list = append(list, readExchange(request, answer))
	}
	return list
}

func readExchange(request, answer string) exchange {
	e := exchange{sent: http.Header{}, answered: http.Header{}}
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(head, "\n")
	e.name, e.who, _ = strings.Cut(lines[0], " ")
	e.method, e.path, _ = strings.Cut(lines[1], " ")
	readHeader(e.sent, lines[2:])
	e.body = strings.ReplaceAll(strings.TrimSpace(body), "@large", strings.Repeat("x", 120<<10))
	head, body, _ = strings.Cut(answer, "\n\n")
	lines = strings.Split(head, "\n")
	e.status, _ = strconv.Atoi(lines[0])
	readHeader(e.answered, lines[1:])
	e.answer = strings.TrimRight(body, "\n")
	// Nova was recorded without the name of its host.
	e.answer = strings.ReplaceAll(e.answer, `"href": "/`, `"href": "http://nova:8774/`)
	return e
}

func readHeader(h http.Header, lines []string) {
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
}

var identities = map[string]Identity{
	"admin":  {Caller: vif.Caller{User: "root", Admin: true}, Role: Admin},
	"member": {Caller: vif.Caller{User: "demo", Project: project}, Role: Member},
	"other":  {Caller: vif.Caller{User: "eve", Project: other}, Role: Member},
	"nobody": {},
}

// before says how the cloud stood before an exchange, where it matters.
var before = map[string]func(w *world){
	"err-locked-":             func(w *world) { w.servers[0].Locked = true },
	"locked-admin":            func(w *world) { w.servers[0].Locked = true },
	"err-port-in-use-":        func(w *world) { w.plug(vm1, portA, "") },
	"err-port-quota":          func(w *world) { w.fail = vif.Forbidden.Because("Maximum number of ports exceeded") },
	"err-state-suspended":     func(w *world) { w.servers[1].State = vif.ServerSuspended },
	"err-state-error":         func(w *world) { w.servers[1].State = vif.ServerCrashed },
	"err-show-other-servers-": func(w *world) { w.plug(vm2, portVM2, "") },
	"state-paused-delete": func(w *world) {
		w.servers[1].State = vif.ServerPaused
		w.plug(vm2, portB, "")
	},
	"addFixedIp-2.1": func(w *world) { w.plug(vm1, portB, "") },
	"state-shutoff":  func(w *world) { w.servers[1].State = vif.ServerStopped },
	"del-last-nic":   func(w *world) { w.plug(vm2, portVM2, "") },
	"del-again-immediately": func(w *world) {
		w.plug(vm1, portA, "")
		w.attached[0].State = vif.Build
	},
	"uwsgi-ok-delete": func(w *world) {
		w.ports = append(w.ports, vif.Port{ID: "5152da60-2a99-4953-92f5-ed127ac60fdc", Network: net89})
		w.plug(vm1, "5152da60-2a99-4953-92f5-ed127ac60fdc", "")
	},
	"show-2.70-tagged": func(w *world) { w.plug(vm1, portA, "nic-a") },
}

// TestNova puts every recorded request to vifd, and wants Nova's answer.
func TestNova(t *testing.T) {
	better := betterAnswers(t)
	for _, e := range readExchanges(t, "nova/exchanges.txt") {
		t.Run(e.name, func(t *testing.T) {
			w := recordedWorld()
			prepare(t, w, e)
			a := serve(t, w, identities[e.who])
			a.Older.Gone = true // as in the release that was recorded
			r := httptest.NewRequest(e.method, "http://nova:8774"+e.path, strings.NewReader(e.body))
			r.Header = e.sent
			if e.status == http.StatusUnauthorized {
				r = remote(r, NewBearers(&keptTokens{}, quiet()), map[string]string{"stranger": "bogus"}[e.who])
			}
			got := httptest.NewRecorder()
			a.ServeHTTP(got, r)
			if b, ok := better[e.name]; ok {
				e.status, e.answer = b.Status, b.Answer
				e.answered.Del("Content-Type")
			}
			compare(t, e, got)
		})
	}
}

// prepare brings w into the state that e was recorded in; what Nova made up,
// the next port in w will be.
func prepare(t *testing.T, w *world, e exchange) {
	for prefix, change := range before {
		if strings.HasPrefix(e.name, prefix) {
			change(w)
		}
	}
	var answer struct {
		One     recordedInterface   `json:"interfaceAttachment"`
		Many    []recordedInterface `json:"interfaceAttachments"`
		Actions []recordedAction    `json:"instanceActions"`
	}
	if strings.HasPrefix(e.answer, "{") {
		if err := json.Unmarshal([]byte(e.answer), &answer); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(e.name, "err-uuid") || len(w.attached) == 0 && !strings.Contains(e.path, vm2) {
		if e.method == "GET" && len(answer.Many) == 0 {
			w.plug(vm1, first, "")
		}
	}
	for _, i := range answer.Many {
		w.attached = append(w.attached, i.attachment(vm1))
	}
	for _, o := range answer.Actions {
		w.operations = append(w.operations, o.operation(t))
	}
	if e.method == "POST" && answer.One.PortID != "" {
		at := answer.One.attachment("")
		w.next = &at
	}
}

// A recordedInterface is an interface as Nova showed it.
type recordedInterface struct {
	NetID     string `json:"net_id"`
	PortID    string `json:"port_id"`
	MAC       string `json:"mac_addr"`
	State     vif.State
	PortState vif.State `json:"port_state"`
	Tag       vif.Tag
	FixedIPs  []struct {
		Subnet  string     `json:"subnet_id"`
		Address netip.Addr `json:"ip_address"`
	} `json:"fixed_ips"`
}

func (i recordedInterface) attachment(server string) vif.Attachment {
	p := vif.Port{ID: i.PortID, Network: i.NetID, MAC: i.MAC, Project: project}
	for _, f := range i.FixedIPs {
		p.FixedIPs = append(p.FixedIPs, vif.FixedIP{Subnet: f.Subnet, Address: f.Address})
	}
	tag := i.Tag
	if i.PortID == portA {
		tag = "nic-a" // which is not shown before 2.70
	}
	return vif.Attachment{NIC: vif.NIC{Port: p, Server: server, Tag: tag}, State: i.PortState}
}

// A recordedAction is an instance action as Nova showed it.
type recordedAction struct {
	Action    string
	Server    string `json:"instance_uuid"`
	ID        string `json:"request_id"`
	User      string `json:"user_id"`
	Project   string `json:"project_id"`
	StartTime string `json:"start_time"`
	UpdatedAt string `json:"updated_at"`
	Message   string
}

func (a recordedAction) operation(t *testing.T) vif.Operation {
	t.Helper()
	started, err := time.Parse("2006-01-02T15:04:05.000000", a.StartTime)
	finished, err2 := time.Parse("2006-01-02T15:04:05.000000", a.UpdatedAt)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return vif.Operation{ID: a.ID, Kind: a.Action, Server: a.Server, User: a.User, Project: a.Project,
		Started: started, Finished: finished, Result: map[bool]string{true: vif.Failure, false: vif.Success}[a.Message != ""]}
}

var (
	requestID = regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	hostID    = regexp.MustCompile(`"hostId": "[0-9a-f]{56}"`)
)

func compare(t *testing.T, e exchange, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != e.status {
		t.Errorf("status %d, want %d", got.Code, e.status)
	}
	body := hostID.ReplaceAllString(got.Body.String(), "hostId")
	if want := hostID.ReplaceAllString(e.answer, "hostId"); body != want {
		t.Errorf("answer\n%s\nwant\n%s", body, want)
	}
	for _, name := range []string{"Content-Type", "OpenStack-API-Version", "X-OpenStack-Nova-API-Version", "Vary"} {
		have, want := got.Header().Values(name), e.answered.Values(name)
		if !slices.Equal(have, want) && (name != "Content-Type" || want != nil) {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	if n := got.Header().Get("Content-Length"); n != strconv.Itoa(len(bytes.TrimSpace(got.Body.Bytes()))) {
		t.Errorf("Content-Length %s of %d bytes", n, got.Body.Len())
	}
	id := got.Header().Get("X-Openstack-Request-Id")
	if wanted := e.answered.Get("X-Openstack-Request-Id") != ""; wanted != requestID.MatchString(id) || id != got.Header().Get("X-Compute-Request-Id") {
		t.Errorf("request id %q (wanted: %v), and for compute %q", id, wanted, got.Header().Get("X-Compute-Request-Id"))
	}
}
