package api

import "vifd/vif"

// The actions addFixedIp and removeFixedIp, which change the addresses of a port
// that a server has. They ended with 2.43.

// oneMember is the schema of an action that takes one text. An open one lets be
// what it does not know.
func oneMember(action, name string, text *schema, open bool) *schema {
	return &schema{kind: "object", open: open, required: []string{action}, properties: []property{{name: action, schema: &schema{
		kind: "object", open: open, required: []string{name}, properties: []property{{name: name, schema: text}},
	}}}}
}

func addFixedIPBody(open bool) *schema {
	return oneMember("addFixedIp", "networkId", &schema{kind: "string", minLength: 1, maxLength: 36}, open)
}

func removeFixedIPBody(open bool) *schema {
	return oneMember("removeFixedIp", "address", addrText, open)
}

func (a *API) addFixedIP(c *call) error {
	r, err := a.addressRequest(c, addFixedIPBody(c.route.as.soft))
	if err != nil {
		return err
	}
	r.Network = canonical(text(inner(c.body, "addFixedIp"), "networkId", ""))
	return a.Attachments.AddAddress(c.Context(), r)
}

func (a *API) removeFixedIP(c *call) error {
	r, err := a.addressRequest(c, removeFixedIPBody(c.route.as.soft))
	if err != nil {
		return err
	}
	address, _ := parseAddr(text(inner(c.body, "removeFixedIp"), "address", "")) // as checked
	return a.Attachments.RemoveAddress(c.Context(), r, address)
}

// addressRequest returns what c asks of its server, if c's caller may change it.
func (a *API) addressRequest(c *call, body *schema) (vif.Request, error) {
	if err := c.conforms(body); err != nil {
		return vif.Request{}, err
	}
	server, err := a.pathServer(c)
	if err != nil {
		return vif.Request{}, err
	}
	return a.newRequest(c, server), checkLock(c, server)
}
