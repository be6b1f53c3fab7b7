package api

import (
	"testing"

	"vifd/vif"
)

// The nine states in which Nova's tests want no NIC to come or go, as its
// test_attach_interface and test_detach_interface have them. libvirt has three of
// them; the rule is for whatever is not active, paused or stopped.
var badStates = []vif.ServerState{
	vif.ServerBuilding, vif.ServerSuspended, vif.ServerCrashed,
	"rescued", "resized", "soft-delete", "deleted", "shelved", "shelved_offloaded",
}

func TestNineBadStates(t *testing.T) {
	for _, state := range badStates {
		t.Run(string(state), func(t *testing.T) {
			w := recordedWorld()
			w.plug(vm1, portA, "")
			w.servers[0].State = state
			a := serve(t, w, identities["member"])
			before := w.String()
			for act, got := range map[string]string{
				"attach_interface": conflict(t, a, "POST", interfaces1, `{"interfaceAttachment":{"net_id":"`+net88+`"}}`),
				"detach_interface": conflict(t, a, "DELETE", interfaces1+"/"+portA, ""),
			} {
				if want := `{"conflictingRequest": {"code": 409, "message": "Cannot '` + act + `' instance ` + vm1 + ` while it is in vm_state ` + string(state) + `"}}`; got != want {
					t.Errorf("answered %s, want %s", got, want)
				}
			}
			if after := w.String(); after != before {
				t.Errorf("was\n%s\nand is\n%s", before, after)
			}
		})
	}
}

// conflict returns what a request is answered that is in conflict.
func conflict(t *testing.T, a *API, method, path, body string) string {
	t.Helper()
	got := ask(a, method, path, body)
	want(t, got, 409, "")
	return got.Body.String()
}
