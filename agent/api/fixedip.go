package api

import "vifd/vif"

// The actions addFixedIp and removeFixedIp, which change the addresses of a port
// that a server has. They ended with 2.43.

// oneMember is the schema of an action that takes one text.
func oneMember(c *call, action, name string, text *schema) *schema {
	open := c.route.as.soft
	return &schema{kind: "object", open: open, required: []string{action}, properties: []property{{name: action, schema: &schema{
		kind: "object", open: open, required: []string{name}, properties: []property{{name: name, schema: text}},
	}}}}
}

func (a *API) addFixedIP(c *call) error {
	body := oneMember(c, "addFixedIp", "networkId", &schema{kind: "string", minLength: 1, maxLength: 36})
	r, err := a.addressRequest(c, body)
	if err != nil {
		return err
	}
	r.Network = canonical(text(inner(c.body, "addFixedIp"), "networkId", ""))
	return a.Attachments.AddAddress(c.Context(), r)
}

func (a *API) removeFixedIP(c *call) error {
	body := oneMember(c, "removeFixedIp", "address", &schema{kind: "string", format: "ip"})
	r, err := a.addressRequest(c, body)
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
