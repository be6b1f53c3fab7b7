package api

import (
	"net/http"

	"vifd/vif"
)

// How vifd is.

// alive answers as long as vifd answers anything.
func (a *API) alive(*call) (reply, error) {
	return ok(object{{"alive", true}, {"version", a.Version}}), nil
}

// isReady answers 200 while changes are taken, and else 503 with why not.
func (a *API) isReady(c *call) (reply, error) {
	h := a.Health.Health(c.Context())
	if h.Ready {
		return ok(object{{"ready", true}}), nil
	}
	return reply{status: http.StatusServiceUnavailable, body: object{{"ready", false}, {"why", h.Why}}}, nil
}

// showStatus answers whatever the state of things is; what cannot be counted
// is null.
func (a *API) showStatus(c *call) (reply, error) {
	h := a.Health.Health(c.Context())
	h.Version = orElse(h.Version, a.Version)
	if h.Parts == nil {
		h.Parts = []vif.Part{}
	}
	states := a.countAttachments(c)
	h.Operating = states[vif.Build]
	return ok(struct {
		vif.Health
		Host        string            `json:"host"`
		Servers     any               `json:"servers"`
		Attachments map[vif.State]int `json:"attachments"`
	}{h, a.Host, a.countServers(c), states}), nil
}

func (a *API) countServers(c *call) any {
	servers, err := a.allServers(c)
	if err != nil {
		return nil
	}
	return len(servers)
}

// countAttachments returns how many attachments there are in each state, or nil.
func (a *API) countAttachments(c *call) map[vif.State]int {
	attached, err := a.Attachments.Attached(c.Context(), "")
	if err != nil {
		return nil
	}
	counts := map[vif.State]int{vif.Active: 0, vif.Build: 0, vif.Down: 0, vif.Error: 0}
	for _, at := range attached {
		counts[at.State]++
	}
	return counts
}
