package api

import (
	"net/http"
	"slices"

	"vifd/vif"
	"vifd/vif/fail"
)

// The Compute API's …/servers/{server}/os-interface.

// interfaceView is an attachment as the microversion shows it: with its tag
// since 2.70.
func interfaceView(at vif.Attachment, v microversion) object {
	addresses := []object{}
	for _, ip := range at.Port.FixedIPs {
		addresses = append(addresses, object{{"subnet_id", ip.Subnet}, {"ip_address", ip.Address}})
	}
	view := object{
		{"net_id", at.Port.Network}, {"port_id", at.Port.ID}, {"mac_addr", at.Port.MAC},
		{"port_state", at.State}, {"fixed_ips", addresses},
	}
	if !v.atLeast(70) {
		return view
	}
	if at.Tag == "" {
		return append(view, member{"tag", nil})
	}
	return append(view, member{"tag", at.Tag})
}

func (a *API) listInterfaces(c *call) (reply, error) {
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), server.ID)
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, at := range attached {
		list = append(list, interfaceView(at, c.version))
	}
	return ok(object{{"interfaceAttachments", list}}), nil
}

func (a *API) showInterface(c *call) (reply, error) {
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	at, err := a.attachment(c, server.ID)
	if err != nil {
		return reply{}, err
	}
	return ok(object{{"interfaceAttachment", interfaceView(at, c.version)}}), nil
}

// attachment returns the attachment of c's port to the server, or NotFound in
// Nova's words: they differ for a port that exists.
func (a *API) attachment(c *call, server string) (vif.Attachment, error) {
	id := canonical(c.params["port"])
	attached, err := a.Attachments.Attached(c.Context(), server)
	if err != nil {
		return vif.Attachment{}, err
	}
	i := slices.IndexFunc(attached, func(at vif.Attachment) bool { return at.Port.ID == id })
	if i >= 0 {
		return attached[i], nil
	}
	port, err := a.Networking.Port(c.Context(), id)
	switch {
	case err == nil && c.who.sees(port.Project):
		return vif.Attachment{}, vif.NotFound.Because("Instance %s does not have a port with id %s", server, id)
	case err == nil || kindOf(err) == vif.NotFound:
		return vif.Attachment{}, vif.NotFound.Because("Port id %s could not be found.", c.params["port"])
	}
	return vif.Attachment{}, err
}

// deleteInterface starts a detach and does not wait for it. Asked again while
// the detach goes on, it says the same; when it is done, the port is not found.
func (a *API) deleteInterface(c *call) (reply, error) {
	server, err := a.likelyServer(c, func(s vif.Server) error { return mayLose(c, s) })
	if err != nil {
		return reply{}, err
	}
	if err := checkLock(c, server); err != nil {
		return reply{}, err
	}
	accepted := reply{status: http.StatusAccepted}
	port := canonical(c.params["port"])
	_, err = a.attachment(c, server.ID)
	if err == nil && a.detaching(c, server.ID, port) {
		return accepted, nil
	}
	if err := fail.At(fail.D0, firstOf(checkState(server, "detach_interface"), err)); err != nil {
		return reply{}, err
	}
	return accepted, a.acceptDetach(c, server.ID, port)
}
