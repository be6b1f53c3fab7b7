package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"vifd/vif"
)

// Rackspace's …/servers/{server}/os-virtual-interfacesv2, by which a server gets
// one NIC on a network.

var virtualInterfaceBody = &schema{
	kind: "object", required: []string{"virtual_interface"},
	properties: []property{{name: "virtual_interface", schema: &schema{
		kind: "object", required: []string{"network_id"},
		properties: []property{{name: "network_id", schema: uuidText}},
	}}},
}

// virtualInterfacesView shows attachments, with the names that networks have.
func virtualInterfacesView(attached []vif.Attachment, names map[string]string) object {
	list := []object{}
	for _, at := range attached {
		label := orElse(names[at.Port.Network], at.Port.Network)
		addresses := []object{}
		for _, ip := range at.Port.FixedIPs {
			addresses = append(addresses, object{
				{"address", ip.Address}, {"network_id", at.Port.Network}, {"network_label", label},
			})
		}
		list = append(list, object{
			{"mac_address", strings.ToUpper(at.Port.MAC)}, {"id", at.Port.ID}, {"ip_addresses", addresses},
		})
	}
	return object{{"virtual_interfaces", list}}
}

func (a *API) listVirtualInterfacesV2(c *call) (reply, error) {
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	names, err := a.networkNames(c)
	if err != nil {
		return reply{}, err
	}
	attached, err := a.Attachments.Attached(c.Context(), server.ID)
	return ok(virtualInterfacesView(attached, names)), err
}

func (a *API) createVirtualInterface(c *call) (reply, error) {
	if err := c.conforms(virtualInterfaceBody); err != nil {
		return reply{}, err
	}
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	names, err := a.networkNames(c)
	if err != nil {
		return reply{}, err
	}
	r := a.newRequest(c, server)
	r.Network = canonical(text(inner(c.body, "virtual_interface"), "network_id", ""))
	if err := checkRequest(r, server); err != nil {
		return reply{}, inRackspacesWords(err, server)
	}
	at, err := a.attachToNew(c, r)
	if err != nil {
		return reply{}, inRackspacesWords(inNovasWords(err, server.ID), server)
	}
	return ok(virtualInterfacesView([]vif.Attachment{at}, names)), nil
}

// attachToNew attaches a server to a network that it is not on yet. Of two that
// ask at once, one is refused. A named request that comes again finds what it
// has made.
func (a *API) attachToNew(c *call, r vif.Request) (vif.Attachment, error) {
	ctx := c.Context()
	taken := vif.InUse.Because(
		"Instance %s has a virtual interface on network %s already: it may have one per network.", r.Server, r.Network)
	place := [2]string{r.Server, r.Network}
	if _, busy := a.joining.LoadOrStore(place, true); busy {
		return vif.Attachment{}, taken
	}
	defer a.joining.Delete(place)
	attached, err := a.Attachments.Attached(ctx, r.Server)
	if err != nil {
		return vif.Attachment{}, err
	}
	on := slices.ContainsFunc(attached, func(at vif.Attachment) bool { return at.Port.Network == r.Network })
	if on && !a.begun(ctx, r.Once) {
		return vif.Attachment{}, taken
	}
	return a.attachWithin(c, r)
}

// begun tells whether the request that o names has begun something, and has not
// been answered.
func (a *API) begun(ctx context.Context, o *vif.Once) bool {
	if o == nil {
		return false
	}
	kept, err := a.Answers.Answer(ctx, o.Caller, o.Key)
	return err == nil && kept.Status == 0
}

// deleteVirtualInterface answers when the guest has let go of the NIC. Where that
// takes longer than a detach may, the answer is to ask again, and the detach
// goes on.
func (a *API) deleteVirtualInterface(c *call) (reply, error) {
	server, err := a.pathServer(c)
	if err != nil {
		return reply{}, err
	}
	at, err := a.attachment(c, server.ID)
	if err != nil {
		return reply{}, err
	}
	if err := a.mayDetach(c, at); err != nil {
		return reply{}, inRackspacesWords(err, server)
	}
	return reply{status: http.StatusOK}, a.detachAndWait(c, at, nil)
}
