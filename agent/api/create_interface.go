package api

import (
	"fmt"
	"net/http"

	"vifd/vif"
	"vifd/vif/fail"
)

// createBody is the schema of what creates an interface: with a tag since 2.49,
// and the vendor's members at every microversion.
func createBody(v microversion, as *dialect) *schema {
	in := &schema{kind: "object", open: as.soft, rule: leftTag, properties: []property{
		{name: "net_id", schema: uuidText},
		{name: "port_id", schema: uuidText},
		{name: "fixed_ips", schema: addressList(1, 1)},
		{name: "port_security_enabled", schema: anyBool},
		{name: "security_groups", schema: uuidList},
	}}
	if v.atLeast(49) {
		in.properties = append(in.properties, property{name: "tag", schema: tagText})
	}
	return &schema{kind: "object", open: as.soft, properties: []property{{name: "interfaceAttachment", schema: in}}}
}

// leftTag checks a tag that a soft dialect has left where it was.
func leftTag(v any) string {
	tag := text(v.(object), "tag", "")
	if tag == "" {
		return ""
	}
	return tagRule(tag)
}

// createInterface attaches a port. It answers when the guest has the NIC.
func (a *API) createInterface(c *call) (reply, error) {
	if err := c.conforms(createBody(c.version, c.route.as)); err != nil {
		return reply{}, err
	}
	in := inner(c.body, "interfaceAttachment")
	check := func(s vif.Server) error { return checkRequest(a.interfaceRequest(c, in, s), s) }
	server, err := a.likelyServer(c, check)
	if err == nil {
		err = check(server)
	}
	if err := fail.At(fail.A0, err); err != nil {
		return reply{}, err
	}
	at, err := a.attachWithin(c, a.interfaceRequest(c, in, server))
	if err != nil {
		return reply{}, c.route.as.attachFailed(err, server.ID)
	}
	return ok(object{{"interfaceAttachment", interfaceView(at, c.version)}}), nil
}

// interfaceRequest is what in, the body of c, asks for.
func (a *API) interfaceRequest(c *call, in object, server vif.Server) vif.Request {
	r := a.newRequest(c, server)
	r.Port, r.Network = canonical(text(in, "port_id", "")), canonical(text(in, "net_id", ""))
	r.FixedIPs = addressClaims(parts(in, "fixed_ips"))
	r.Tag = vif.Tag(text(in, "tag", ""))
	r.Secure, r.SecGroups = choice(in, "port_security_enabled"), canonicalAll(texts(in, "security_groups"))
	return r
}

// newRequest returns a Request of c's caller for the server. What it makes
// belongs to the project that the path names, or else the server's.
func (a *API) newRequest(c *call, server vif.Server) vif.Request {
	return vif.Request{
		Server:    server.ID,
		Project:   orElse(c.project, server.Project),
		Caller:    c.who.Caller,
		Operation: c.id,
		Seen:      &server,
		Once:      c.name,
	}
}

// checkRequest refuses what can be refused without looking at any network.
func checkRequest(r vif.Request, server vif.Server) error {
	insecure := r.Secure != nil && !*r.Secure
	switch {
	case insecure && !r.Caller.Admin:
		return vif.Forbidden.Because("Policy doesn't allow port_security_enabled=false to be performed: it takes an admin.")
	case r.Network != "" && r.Port != "":
		return vif.Invalid.Because("Must not input both network_id and port_id")
	case r.MAC != "" && r.Port != "":
		return vif.Invalid.Because("Must not input both a MAC and a port: a port has its own.")
	case len(r.FixedIPs) > 0 && r.Network == "":
		return vif.Invalid.Because("Must input network_id when request IP address")
	case insecure && len(r.SecGroups) > 0:
		return vif.Invalid.Because("Network requires port_security_enabled and subnet associated in order to apply security groups.")
	}
	return firstOf(lockedFor(r.Caller, server), checkState(server, "attach_interface"))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// attachWithin attaches within the time that c has. A client that goes away while
// it waits for its turn has asked for nothing; what has begun is ended.
func (a *API) attachWithin(c *call, r vif.Request) (vif.Attachment, error) {
	ctx, cancel := a.inTime(c)
	defer cancel()
	return a.Attachments.Attach(ctx, r)
}

// inNovasWords says of an attach that failed for no reason of the caller's what
// Nova says.
func inNovasWords(err error, server string) error {
	if kindOf(err) != vif.Internal {
		return err
	}
	return &httpError{
		status: http.StatusInternalServerError,
		text:   fmt.Sprintf("Failed to attach network adapter device to %s", server),
		cause:  err,
	}
}
