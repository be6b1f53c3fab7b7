package api

import (
	"net/http"
	"slices"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// vifd's own /v1/attachments.

// attachmentBody asks for an attachment. Server, port, network and security groups
// are IDs, or names that only one has.
var attachmentBody = &schema{
	kind: "object", required: []string{"server"},
	properties: []property{
		{name: "server", schema: anyString},
		{name: "port", schema: anyString},
		{name: "network", schema: anyString},
		{name: "fixed_ips", schema: addressList(1, 16)},
		{name: "mac", schema: macText},
		{name: "tag", schema: tagText},
		{name: "port_security_enabled", schema: anyBool},
		{name: "security_groups", schema: &schema{kind: "array", maxItems: 64, items: anyString}},
		{name: "dry_run", schema: anyBool},
	},
}

// An attachmentView is an attachment as JSON.
type attachmentView = wire.Attachment

func viewAttachment(at vif.Attachment) attachmentView {
	return attachmentView{NIC: at.NIC, State: at.State, Reason: at.Reason}
}

func (a *API) listAttachments(c *call) (reply, error) {
	server, err := a.queriedServer(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.seen(c, server)
	if err != nil {
		return reply{}, err
	}
	list := []attachmentView{}
	for _, at := range attached {
		list = append(list, viewAttachment(at))
	}
	return ok(object{{"attachments", list}}), nil
}

// queriedServer returns the ID of the server that c's query names, or "".
func (a *API) queriedServer(c *call) (string, error) {
	name := c.URL.Query().Get("server")
	if name == "" {
		return "", nil
	}
	s, err := a.serverNamed(c, name)
	return s.ID, err
}

// seen returns the attachments of the server, or of all, that c's caller sees.
func (a *API) seen(c *call, server string) ([]vif.Attachment, error) {
	attached, err := a.Attachments.Attached(c.Context(), server)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(attached), func(at vif.Attachment) bool {
		return !c.who.sees(at.Port.Project)
	}), nil
}

// found returns the attachment of the port that c's path names, to the server
// that its query names if it does.
func (a *API) found(c *call) (vif.Attachment, error) {
	server, err := a.queriedServer(c)
	if err != nil {
		return vif.Attachment{}, err
	}
	attached, err := a.seen(c, server)
	if err != nil {
		return vif.Attachment{}, err
	}
	id := canonical(c.params["port"])
	for _, at := range attached {
		if at.Port.ID == id {
			return at, nil
		}
	}
	return vif.Attachment{}, vif.NotFound.Because("port %s is not attached; vifd list shows what is", id)
}

func (a *API) showAttachment(c *call) (reply, error) {
	at, err := a.found(c)
	if err != nil {
		return reply{}, err
	}
	return ok(object{{"attachment", viewAttachment(at)}}), nil
}

// attach attaches a port, or says how it would.
func (a *API) attach(c *call) (reply, error) {
	if found := attachmentBody.check(c.body); found != nil {
		return reply{}, &httpError{status: http.StatusBadRequest, text: found.nova()}
	}
	body := c.body.(object)
	r, err := a.namedRequest(c, body)
	if err != nil {
		return reply{}, err
	}
	if flag(body, "dry_run", false) {
		plan, err := a.Attachments.Plan(c.Context(), r)
		return ok(object{{"plan", append([]vif.Planned{}, plan...)}}), err
	}
	return a.streamed(c, func(onProgress func(vif.Progress)) (reply, error) {
		r.OnProgress = onProgress
		at, err := a.attachWithin(c, r)
		return ok(object{{"attachment", viewAttachment(at)}}), err
	})
}

// detach unplugs a port and waits until the guest has let go of it. Where that
// takes longer than a detach may, the answer is 202 and the detach goes on; it
// goes on, too, when the client goes away.
func (a *API) detach(c *call) (reply, error) {
	at, err := a.found(c)
	if err != nil {
		return reply{}, err
	}
	if err := a.mayDetach(c, at); err != nil {
		return reply{}, err
	}
	return a.streamed(c, func(onProgress func(vif.Progress)) (reply, error) {
		return ok(object{{"detached", at.Port.ID}}), a.detachAndWait(c, at, onProgress)
	})
}

// mayDetach returns an error if the server's state or lock does not allow c to
// take at out of it. What is on its way out may go on, and a server that is gone
// forbids nothing.
func (a *API) mayDetach(c *call, at vif.Attachment) error {
	if s, err := a.lookAt(c, at.Server, a.Servers.Recent); err == nil && mayLose(c, s) == nil {
		return nil
	}
	s, err := a.lookAt(c, at.Server, a.Servers.Server)
	switch {
	case err != nil && kindOf(err) == vif.NotFound:
		return nil
	case err != nil:
		return err
	case a.detaching(c, at.Server, at.Port.ID):
		return checkLock(c, s)
	}
	return mayLose(c, s)
}

// mayLose returns an error if the state or the lock of s forbids c a detach.
func mayLose(c *call, s vif.Server) error {
	return firstOf(checkLock(c, s), checkState(s, "detach_interface"))
}
