package api

import (
	"net/http"

	"vifd/vif"
)

// vifd's own /v1/ports/{port}: what can be changed of a port that is plugged in.

var linkBody = &schema{
	kind: "object", required: []string{"link_state"},
	properties: []property{{name: "link_state", schema: &schema{kind: "string", enum: []any{string(vif.LinkUp), string(vif.LinkDown)}}}},
}

// setLink sets the link that the server sees, and answers when it does.
func (a *API) setLink(c *call) (reply, error) {
	if found := linkBody.check(c.body); found != nil {
		return reply{}, &httpError{status: http.StatusBadRequest, text: found.nova()}
	}
	at, err := a.found(c)
	if err != nil {
		return reply{}, err
	}
	s, err := a.lookAt(c, at.Server, a.Servers.Server)
	if err != nil {
		return reply{}, err
	}
	if err := checkLock(c, s); err != nil {
		return reply{}, err
	}
	ctx, cancel := a.inTime(c)
	defer cancel()
	at, err = a.Attachments.SetLink(ctx, at.Server, at.Port.ID, vif.Link(text(c.body.(object), "link_state", "")))
	return ok(object{{"attachment", viewAttachment(at)}}), err
}
