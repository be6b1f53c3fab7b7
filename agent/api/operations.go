package api

import (
	"cmp"
	"slices"

	"vifd/agent/api/wire"
	"vifd/vif"
)

// vifd's own /v1/operations: what was asked for, and how long each step took.

// usualPage is how many operations a list has when nobody says how many.
const usualPage = "100"

// An operationView is an operation as JSON.
type operationView = wire.Operation

// viewOperation shows causes to admins alone: they may name what is others'.
func viewOperation(c *call, o vif.Operation) operationView {
	v := operationView{ID: o.ID, Action: o.Kind, Server: o.Server, Port: o.Port, Project: o.Project, User: o.User,
		Started: o.Started, Result: o.Result, Error: o.Error, Steps: append([]vif.Progress{}, o.Steps...)}
	if !o.Finished.IsZero() {
		v.Finished = &o.Finished
	}
	if c.who.Admin {
		return v
	}
	if v.Error != "" {
		v.Error = "the cause is in the log of vifd, under the ID of the operation"
	}
	for i := range v.Steps {
		if v.Steps[i].Err != "" {
			v.Steps[i].Err = "failed"
		}
	}
	return v
}

func (a *API) listOperations(c *call) (reply, error) {
	q := c.URL.Query()
	since, err := queriedTime(q, "since")
	if err = firstOf(onlyKeys(q, []string{"server", "port", "since", "limit", "marker"}), err); err != nil {
		return reply{}, err
	}
	all, err := a.operationsSeen(c, q.Get("server"))
	if err != nil {
		return reply{}, err
	}
	port := canonical(q.Get("port"))
	all = slices.DeleteFunc(all, func(o vif.Operation) bool {
		return o.Started.Before(since) || port != "" && o.Port != port
	})
	q.Set("limit", cmp.Or(q.Get("limit"), usualPage))
	part, err := page(all, q, func(o vif.Operation) string { return o.ID })
	if err != nil {
		return reply{}, err
	}
	list := []operationView{}
	for _, o := range part {
		list = append(list, viewOperation(c, o))
	}
	return ok(object{{"operations", list}}), nil
}

func (a *API) showOperation(c *call) (reply, error) {
	o, err := a.Operations.Operation(c.Context(), c.params["operation"])
	if err == nil {
		var sees func(vif.Operation) bool
		if sees, err = a.operationSeer(c); err == nil && !sees(o) {
			err = vif.NotFound
		}
	}
	if err != nil {
		if kindOf(err) == vif.NotFound {
			err = vif.NotFound.From(err, "there is no operation %s; they are kept for 30 days", repr(c.params["operation"]))
		}
		return reply{}, err
	}
	return ok(object{{"operation", viewOperation(c, o)}}), nil
}

// operationsSeen returns what c's caller may see of what was asked for on the
// server, an ID or a name, or on any for "". A server that is gone has an ID still.
func (a *API) operationsSeen(c *call, server string) ([]vif.Operation, error) {
	id, isID := parseUUID(server)
	if server != "" && !isID {
		s, err := a.serverNamed(c, server)
		if err != nil {
			return nil, err
		}
		id = s.ID
	}
	all, err := a.Operations.Operations(c.Context(), id)
	if err != nil {
		return nil, err
	}
	sees, err := a.operationSeer(c)
	return slices.DeleteFunc(slices.Clone(all), func(o vif.Operation) bool { return !sees(o) }), err
}

// operationSeer returns what tells whether c's caller sees an operation: one of
// their own project's, or on a server of it.
func (a *API) operationSeer(c *call) (func(vif.Operation) bool, error) {
	if c.who.sees("") {
		return func(vif.Operation) bool { return true }, nil
	}
	servers, err := a.allServers(c)
	theirs := map[string]bool{}
	for _, s := range servers {
		theirs[s.ID] = c.who.sees(s.Project)
	}
	return func(o vif.Operation) bool { return theirs[o.Server] || c.who.sees(o.Project) }, err
}
