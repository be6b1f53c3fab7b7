package api

import (
	"strings"
	"testing"
)

const action1 = "/v2.1/servers/" + vm1 + "/action"

// A server is locked and unlocked, and says so by microversion.
func TestLock(t *testing.T) {
	for _, tt := range []struct {
		name, version, who, body string
		status                   int
		part                     string
		locked                   string // what the server says afterwards
	}{
		{"with null", "2.1", "member", `{"lock": null}`, 202, "", `"locked": true`},
		{"with a reason too early", "2.72", "member", `{"lock": {"locked_reason": "x"}}`, 202, "", `"locked_reason": null`},
		{"with a reason", "2.73", "member", `{"lock": {"locked_reason": "x"}}`, 202, "", `"locked": true`},
		{"and shown", "2.73", "member", `{"lock": {"locked_reason": "mine"}}`, 202, "", `"locked_reason": "mine"`},
		{"with null at 2.73", "2.73", "member", `{"lock": null}`, 202, "", `"locked_reason": null`},
		{"with text", "2.73", "member", `{"lock": "x"}`, 400, `field/attribute lock. Value: x. 'x' is not of type 'object'`, `"locked": false`},
		{"for no reason", "2.73", "member", `{"lock": {"locked_reason": ""}}`, 400, `'' is too short`, `"locked": false`},
		{"for a long one", "2.73", "member", `{"lock": {"locked_reason": "` + strings.Repeat("x", 256) + `"}}`, 400, `is too long`, `"locked": false`},
		{"with more", "2.73", "member", `{"lock": {"reason": "x"}}`, 400, `('reason' was unexpected)`, `"locked": false`},
		{"of another", "2.1", "other", `{"lock": null}`, 404, `Instance ` + vm1 + ` could not be found.`, `"locked": false`},
		{"two actions", "2.1", "member", `{"lock": null, "unlock": null}`, 400, `Malformed request body`, `"locked": false`},
		{"no action", "2.1", "member", `{}`, 400, `Malformed request body`, `"locked": false`},
		{"no body", "2.1", "member", ``, 400, `Malformed request body`, `"locked": false`},
		{"another action", "2.1", "member", `{"reboot": {"type": "HARD"}}`, 400, `{"badRequest": {"code": 400, "message": "There is no such action: reboot"}}`, `"locked": false`},
		{"an address, too late", "2.44", "member", `{"removeFixedIp": {}}`, 404, `{"itemNotFound": {"code": 404, "message": "The resource could not be found."}}`, `"locked": false`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recordedWorld()
			got := ask(serve(t, w, identities[tt.who]), "POST", action1, tt.body, "X-OpenStack-Nova-API-Version", tt.version)
			want(t, got, tt.status, tt.part)
			if got.Code == 202 && got.Body.Len() != 0 {
				t.Errorf("answered %s", got.Body)
			}
			admin := serve(t, w, identities["admin"])
			want(t, ask(admin, "GET", "/v2.1/servers/"+vm1, "", "X-OpenStack-Nova-API-Version", "2.73"), 200, tt.locked)
		})
	}
}

// A locked server changes for admins only, and a member does not undo what an
// admin did.
func TestLockedServer(t *testing.T) {
	w := recordedWorld()
	member, admin := serve(t, w, identities["member"]), serve(t, w, identities["admin"])
	body := `{"interfaceAttachment":{"port_id":"` + portA + `"}}`
	want(t, ask(member, "POST", action1, `{"lock": null}`), 202, "")
	want(t, ask(member, "POST", interfaces1, body), 409, `Instance `+vm1+` is locked`)
	want(t, ask(admin, "POST", interfaces1, body), 200, portA)
	want(t, ask(member, "DELETE", interfaces1+"/"+portA, ""), 409, `Instance `+vm1+` is locked`)
	want(t, ask(member, "POST", action1, `{"unlock": null}`), 202, "")
	want(t, ask(member, "DELETE", interfaces1+"/"+portA, ""), 202, "")

	want(t, ask(admin, "POST", action1, `{"lock": {"locked_reason": "audit"}}`, "X-OpenStack-Nova-API-Version", "2.73"), 202, "")
	want(t, ask(member, "POST", action1, `{"unlock": null}`), 403, `"forbidden"`)
	want(t, ask(member, "GET", "/v2.1/servers?locked=true", "", "X-OpenStack-Nova-API-Version", "2.73"), 200, vm1)
	want(t, ask(admin, "POST", action1, `{"unlock": null}`), 202, "")
	want(t, ask(member, "GET", "/v2.1/servers?locked=true", "", "X-OpenStack-Nova-API-Version", "2.73"), 200, `{"servers": []}`)
}
