package api

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"vifd/vif"
)

func TestOperationsList(t *testing.T) {
	w, attach, detach, failed := eventful(t)
	w.operations[0].Error = "disk on fire"
	w.operations[0].Steps = []vif.Progress{{Step: "claim", Ms: 1.5, Err: "disk on fire"}}
	a := serve(t, w, identities["admin"])
	order := func(ids ...string) string { return `"` + strings.Join(ids, `" `) + `"` }
	for _, tt := range []struct {
		query  string
		status int
		want   string // the IDs in their order, or a part of the answer
	}{
		{"", 200, order(failed, detach, attach)},
		{"?server=vm1", 200, order(failed, detach, attach)},
		{"?server=" + strings.ToUpper(vm1), 200, order(failed, detach, attach)},
		{"?server=" + vm2, 200, order()},
		{"?server=nobody", 404, "there is no server"},
		{"?port=" + strings.ToUpper(portA), 200, order(detach, attach)},
		{"?limit=1", 200, order(failed)},
		{"?limit=1&marker=" + failed, 200, order(detach)},
		{"?marker=req-x", 400, "marker [req-x] not found"},
		{"?limit=-1", 400, "limit"},
		{"?since=" + dawn.Add(60e9).Format("2006-01-02T15:04:05Z"), 200, order(failed, detach)},
		{"?since=yesterday", 400, "'yesterday' is not a 'date-time'"},
		{"?state=x", 400, "('state' was unexpected)"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			got := ask(a, "GET", "/v1/operations"+tt.query, "")
			if want(t, got, tt.status, ""); tt.status != 200 {
				want(t, got, tt.status, tt.want)
				return
			}
			if ids := idsOf(got); ids != tt.want {
				t.Errorf("got %s, want %s", ids, tt.want)
			}
		})
	}
	want(t, ask(a, "GET", "/v1/operations/"+failed, ""), 200, `"error": "disk on fire", "steps": [{"step": "claim", "ms": 1.5, "error": "disk on fire"}]`)
	want(t, ask(a, "GET", "/v1/operations/req-none", ""), 404, "there is no operation 'req-none'")
}

// idsOf returns the IDs of a list of operations.
func idsOf(got *httptest.ResponseRecorder) string {
	var ids []string
	for part := range strings.SplitSeq(got.Body.String(), `{"id": "`) {
		if id, _, ok := strings.Cut(part, `"`); ok && strings.HasPrefix(id, "req-") {
			ids = append(ids, id)
		}
	}
	return fmt.Sprintf(`"%s"`, strings.Join(ids, `" `))
}

// A member sees what was asked for on their project's servers, without causes;
// another sees nothing of it.
func TestWhoSeesOperations(t *testing.T) {
	w, _, _, failed := eventful(t)
	w.operations[0].Error = "disk on fire"
	member := serve(t, w, identities["member"])
	got := ask(member, "GET", "/v1/operations/"+failed, "")
	want(t, got, 200, `"error": "the cause is in the log`)
	if strings.Contains(got.Body.String(), "fire") {
		t.Errorf("told a member %s", got.Body)
	}
	other := serve(t, w, identities["other"])
	want(t, ask(other, "GET", "/v1/operations/"+failed, ""), 404, "there is no operation")
	want(t, ask(other, "GET", "/v1/operations", ""), 200, `{"operations": []}`)
}
