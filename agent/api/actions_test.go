package api

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

const actions1 = "/v2.1/servers/" + vm1 + "/os-instance-actions"

// eventful is a world on whose vm1 a member attached and detached a port, and an
// attach failed; what follows is the IDs of the requests.
func eventful(t *testing.T) (w *world, attach, detach, failed string) {
	t.Helper()
	w = recordedWorld()
	a := serve(t, w, identities["member"])
	id := func(got *httptest.ResponseRecorder) string { return got.Header().Get("X-Openstack-Request-Id") }
	attach = id(ask(a, "POST", interfaces1, `{"interfaceAttachment":{"port_id":"`+portA+`"}}`))
	detach = id(ask(a, "DELETE", interfaces1+"/"+portA, ""))
	a.Stop(t.Context())
	failed = id(ask(serve(t, w, identities["member"]), "POST", interfaces1, `{"interfaceAttachment":{"port_id":"`+vm2+`"}}`))
	return w, attach, detach, failed
}

// keys returns the names of an object's members, and those of its one event.
func keys(t *testing.T, raw []byte) (action, event []string) {
	t.Helper()
	var body struct {
		Action map[string]json.RawMessage `json:"instanceAction"`
	}
	var events []map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	if list, there := body.Action["events"]; there {
		if err := json.Unmarshal(list, &events); err != nil || len(events) != 1 {
			t.Fatalf("events %s, %v", list, err)
		}
		event = slices.Sorted(maps.Keys(events[0]))
	}
	return slices.Sorted(maps.Keys(body.Action)), event
}

// The members of an action are those of its microversion, and of who asks.
func TestActionByMicroversion(t *testing.T) {
	w, attach, _, _ := eventful(t)
	base := "action instance_uuid message project_id request_id start_time user_id"
	since51, since58 := "action events instance_uuid message project_id request_id start_time user_id",
		"action events instance_uuid message project_id request_id start_time updated_at user_id"
	event := "event finish_time result start_time"
	for _, tt := range []struct{ version, who, action, event string }{
		{"2.1", "member", base, ""},
		{"2.50", "member", base, ""},
		{"2.51", "member", since51, event},
		{"2.58", "member", since58, event},
		{"2.62", "member", since58, "event finish_time hostId result start_time"},
		{"2.93", "member", since58, "event finish_time hostId result start_time"},
		{"2.1", "admin", since51, event + " traceback"},
		{"2.62", "admin", since58, "event finish_time host hostId result start_time traceback"},
		{"2.84", "admin", since58, "details event finish_time host hostId result start_time traceback"},
	} {
		t.Run(tt.version+" "+tt.who, func(t *testing.T) {
			got := ask(serve(t, w, identities[tt.who]), "GET", actions1+"/"+attach, "", "X-OpenStack-Nova-API-Version", tt.version)
			want(t, got, 200, `{"action": "attach_interface", "instance_uuid": "`+vm1+`", "request_id": "`+attach+
				`", "user_id": "demo", "project_id": "`+project+`", "start_time": "2026-11-22T01:30:00.123456", "message": null`)
			action, event := keys(t, got.Body.Bytes())
			if strings.Join(action, " ") != tt.action || strings.Join(event, " ") != tt.event {
				t.Errorf("members\n%q\n%q, want\n%s\n%s", action, event, tt.action, tt.event)
			}
		})
	}
}

// Tempest waits for the event of a detach by the ID of the request that asked
// for it; what failed says so, and to admins why.
func TestActionEvents(t *testing.T) {
	w, _, detach, failed := eventful(t)
	at262 := []string{"OpenStack-API-Version", "compute 2.84"}
	member, admin := serve(t, w, identities["member"]), serve(t, w, identities["admin"])
	want(t, ask(member, "GET", actions1+"/"+detach, "", at262...), 200,
		`"events": [{"event": "compute_detach_interface", "start_time": "2026-11-22T01:31:00.123456", "finish_time": "2026-11-22T01:31:02.123456", "result": "Success", "hostId": "`)
	got := ask(member, "GET", actions1+"/"+failed, "", at262...)
	want(t, got, 200, `"message": "Error", "updated_at": "2026-11-22T01:32:02.123456"`)
	want(t, got, 200, `"event": "compute_attach_interface"`)
	want(t, got, 200, `"result": "Error"`)
	if strings.Contains(got.Body.String(), "could not be found") {
		t.Errorf("a member is told %s", got.Body)
	}
	want(t, ask(admin, "GET", actions1+"/"+failed, "", at262...), 200, `"details": "Port id `+vm2+` could not be found."`)
	for _, path := range []string{actions1 + "/req-nonsense", "/v2.1/servers/" + vm2 + "/os-instance-actions/" + failed} {
		want(t, ask(member, "GET", path, ""), 404, `not found"}}`)
	}
	want(t, ask(member, "GET", actions1+"/req-nonsense", ""), 404, `{"itemNotFound": {"code": 404, "message": "Action req-nonsense not found"}}`)
}

// While an operation is under way its event has no end and no result.
func TestActionUnderWay(t *testing.T) {
	w := recordedWorld()
	w.plug(vm1, portA, "")
	w.stubborn = make(chan struct{})
	a := serve(t, w, identities["member"])
	id := ask(a, "DELETE", interfaces1+"/"+portA, "").Header().Get("X-Openstack-Request-Id")
	want(t, ask(a, "GET", actions1+"/"+id, "", "X-OpenStack-Nova-API-Version", "2.51"), 200, `"finish_time": null, "result": null}]`)
	close(w.stubborn)
}

// Since 2.58 a list comes in pages, and since 2.66 between two times.
func TestActionPages(t *testing.T) {
	w, attach, detach, failed := eventful(t)
	a := serve(t, w, identities["member"])
	for _, tt := range []struct {
		version, query string
		status         int
		want           []string // IDs, or a part of the answer
	}{
		{"2.1", "", 200, []string{failed, detach, attach}},
		{"2.57", "limit=1&nonsense=1", 200, []string{failed, detach, attach}},
		{"2.58", "limit=1", 200, []string{failed, "next"}},
		{"2.58", "limit=2&marker=" + failed, 200, []string{detach, attach, "next"}},
		{"2.58", "limit=2&marker=" + detach, 200, []string{attach}},
		{"2.58", "marker=" + attach, 200, nil},
		{"2.58", "marker=req-1", 400, []string{`marker [req-1] not found`}},
		{"2.58", "limit=-1", 400, []string{`Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'`}},
		{"2.58", "changes-since=2026-11-22T01:31:02Z", 200, []string{failed, detach}},
		{"2.58", "changes-since=2026-11-22T02:32:00%2B01:00", 200, []string{failed}},
		{"2.58", "changes-since=yesterday", 400, []string{`'yesterday' is not a 'date-time'`}},
		{"2.58", "changes-before=2026-11-22T01:31:02Z", 400, []string{`('changes-before' was unexpected)`}},
		{"2.66", "changes-before=2026-11-22T01:31:03Z", 200, []string{detach, attach}},
		{"2.66", "changes-since=2026-11-22T01:31:03&changes-before=2026-11-22T01:31:00", 400, []string{"must be less than or equal to changes-before."}},
	} {
		t.Run(tt.version+" "+tt.query, func(t *testing.T) {
			got := ask(a, "GET", actions1+"?"+tt.query, "", "X-OpenStack-Nova-API-Version", tt.version)
			if got.Code != tt.status {
				t.Fatalf("answer %d %s", got.Code, got.Body)
			}
			if tt.status != 200 {
				want(t, got, tt.status, tt.want[0])
				return
			}
			if ids := listed(t, got); !slices.Equal(ids, tt.want) {
				t.Errorf("listed %q, want %q", ids, tt.want)
			}
		})
	}
	got := ask(a, "GET", actions1+"?limit=1", "", "X-OpenStack-Nova-API-Version", "latest")
	want(t, got, 200, `"links": [{"rel": "next", "href": "http://nova`+actions1+`?limit=1&marker=`+failed+`"}]`)
}

// listed returns the IDs of the actions in a list, and the name of its link.
func listed(t *testing.T, got *httptest.ResponseRecorder) []string {
	t.Helper()
	var body struct {
		Actions []struct {
			ID string `json:"request_id"`
		} `json:"instanceActions"`
		Links []struct{ Rel string }
	}
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, a := range body.Actions {
		ids = append(ids, a.ID)
	}
	for _, l := range body.Links {
		ids = append(ids, l.Rel)
	}
	return ids
}

// Since 2.21 the actions of a server outlive it, for those who may know of it.
func TestActionsOfServerThatIsGone(t *testing.T) {
	w, attach, _, _ := eventful(t)
	w.servers = w.servers[1:]
	w.operations = append(w.operations, vif.Operation{ID: "req-of-root", Server: vm1, Started: time.Now()})
	member, other := serve(t, w, identities["member"]), serve(t, w, identities["other"])
	gone := `"Instance ` + vm1 + ` could not be found."`
	want(t, ask(member, "GET", actions1, ""), 404, gone)
	want(t, ask(member, "GET", actions1, "", "X-OpenStack-Nova-API-Version", "2.20"), 404, gone)
	got := ask(member, "GET", actions1, "", "X-OpenStack-Nova-API-Version", "2.21")
	want(t, got, 200, attach)
	if strings.Contains(got.Body.String(), "req-of-root") {
		t.Errorf("a member is shown %s", got.Body)
	}
	want(t, ask(other, "GET", actions1, "", "X-OpenStack-Nova-API-Version", "2.21"), 404, gone)
	want(t, ask(other, "GET", actions1+"/"+attach, "", "X-OpenStack-Nova-API-Version", "2.21"), 404, gone)
}
