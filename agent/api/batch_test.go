package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vifd/vif"
)

const batch = "/v1/attachments:batch"

func TestBatch(t *testing.T) {
	item := func(server, rest string) string { return fmt.Sprintf(`{"server":%q,%s}`, server, rest) }
	many := slices.Repeat([]string{item("vm1", `"network":"net89"`)}, 65)
	for _, tt := range []struct {
		name   string
		items  []string
		status int
		part   string
		count  int // of attachments there are then
	}{
		{"one", []string{item("vm1", `"network":"net89","tag":"a"`)}, 200, `{"servers": [{"server": "` + vm1 + `", "status": 200, "attachments": [{"port": {"id": "9999`, 1},
		{"on two servers", []string{item("vm1", `"network":"net89"`), item("vm2", `"port":"`+portA+`"`), item(vm1, `"port":"`+portB+`"`)}, 200,
			`"status": 200, "attachments": [{"port": {"id": "` + portA, 3},
		{"one server fails", []string{item("vm1", `"network":"net89"`), item("vm2", `"network":"net89"`), item("vm2", `"port":"`+portHeld+`"`)}, 207,
			`{"server": "` + vm2 + `", "status": 409, "error": {"code": 409, "kind": "already in use", "message": "Port ` + portHeld + ` is still in use.", "request_id": "req-`, 1},
		{"one server is not there", []string{item("vm9", `"network":"net89"`), item("vm1", `"network":"net89"`)}, 207,
			`{"servers": [{"server": "vm9", "status": 404, "error": {"code": 404`, 1},
		{"one item makes no sense", []string{item("vm1", `"network":"net89"`), item("vm1", `"network":"net89","port":"`+portA+`"`)}, 207, `Must not input both`, 0},
		{"the wrong state", []string{item("slow", `"network":"net89"`)}, 207, `"status": 409, "error": {"code": 409, "kind": "wrong state"`, 0},
		{"none", nil, 400, `[] is too short`, 0},
		{"too many", many, 400, `is too long`, 0},
		{"not in its schema", []string{item("vm1", `"net":"net89"`)}, 400, `('net' was unexpected)`, 0},
		{"a plan", []string{item("vm1", `"dry_run":true`)}, 400, `('dry_run' was unexpected)`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			w.servers[0].Project = ""
			a := serve(t, w, identities["admin"])
			body := `{"attachments":[` + strings.Join(tt.items, ",") + `]}`
			want(t, ask(a, "POST", batch, body), tt.status, tt.part)
			if len(w.attached) != tt.count {
				t.Errorf("%d attached:\n%s", len(w.attached), w)
			}
		})
	}
	reader := serve(t, recordedWorld(), Identity{Caller: vif.Caller{User: "ops"}, Role: Reader})
	want(t, ask(reader, "POST", batch, `{}`), 403, "forbidden")
}

// A batch of which a part failed through vifd's fault is done again where it
// failed, under a key for each server; one that is done is answered again.
func TestBatchAgain(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["admin"])
	body := `{"attachments":[{"server":"vm1","network":"net89"},{"server":"vm2","network":"net89"}]}`
	w.fail = vif.Unavailable.Because("libvirt is down")
	want(t, ask(a, "POST", batch, body, onceHeader, "k1"), 207, `"status": 503`)
	w.fail = nil
	want(t, ask(a, "POST", batch, body, onceHeader, "k1"), 200, `"status": 200`)
	want(t, ask(a, "POST", batch, body, onceHeader, "k1"), 200, `"status": 200`)
	if len(w.attached) != 2 {
		t.Errorf("attached:\n%s", w)
	}
	if want := []string{"k1 " + vm1, "k1 " + vm1, "k1 " + vm2, "k1 " + vm2}; !slices.Equal(w.asked, want) {
		t.Errorf("asked for once as %q, want %q", w.asked, want)
	}
}

// A panic in one share is an answer, and no end of vifd.
func TestBatchPanics(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["admin"])
	a.Attachments = nil
	want(t, ask(a, "POST", batch, `{"attachments":[{"server":"vm1","network":"net89"}]}`), 207, `"status": 500`)
}

// Who accepts lines is told each step of each attachment, by its number.
func TestBatchTellsSteps(t *testing.T) {
	w := recordedWorld()
	a := serve(t, w, identities["admin"])
	body := `{"attachments":[{"server":"vm1","network":"net89"},{"server":"vm9","network":"net89"},{"server":"vm1","port":"` + portB + `"}]}`
	got := ask(a, "POST", batch, body, "Accept", ndjson)
	lines := strings.Split(strings.TrimSpace(got.Body.String()), "\n")
	want(t, got, 200, "")
	if len(lines) != 5 || lines[0] != `{"step": "claim", "ms": 0.5, "item": 1}` || lines[3] != `{"step": "show", "ms": 20, "item": 3}` ||
		!strings.HasPrefix(lines[4], `{"servers": [`) || !strings.Contains(lines[4], `"status": 404`) {
		t.Errorf("told:\n%s", got.Body)
	}
}
