package api

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"vifd/vif"
)

// The Compute API's …/servers/{server}/os-instance-actions: what was asked for,
// by the ID of the request that asked.

func (a *API) listActions(c *call) (reply, error) {
	wanted, err := actionFilter(c)
	if err != nil {
		return reply{}, err
	}
	server, done, err := a.operationsOn(c)
	if err != nil {
		return reply{}, err
	}
	done = slices.DeleteFunc(slices.Clone(done), func(o vif.Operation) bool { return !wanted(o) })
	if !c.version.atLeast(58) {
		return ok(object{{"instanceActions", actionViews(c, server, done)}}), nil
	}
	part, more, err := pageOf(c, done, func(o vif.Operation) string { return o.ID })
	if err != nil {
		return reply{}, err
	}
	body := object{{"instanceActions", actionViews(c, server, part)}}
	if more != "" {
		body = append(body, member{"links", links("next", c.host()+c.URL.Path+"?"+more)})
	}
	return ok(body), nil
}

func (a *API) showAction(c *call) (reply, error) {
	server, done, err := a.operationsOn(c)
	if err != nil {
		return reply{}, err
	}
	id := c.params["action"]
	i := slices.IndexFunc(done, func(o vif.Operation) bool { return o.ID == id })
	if i < 0 {
		return reply{}, vif.NotFound.Because("Action %s not found", id)
	}
	view := actionView(c, server, done[i])
	if c.who.Admin || c.version.atLeast(51) {
		view = append(view, member{"events", []object{a.eventView(c, server, done[i])}})
	}
	return ok(object{{"instanceAction", view}}), nil
}

// operationsOn returns the server that c's path names and what was asked for on
// it. Since 2.21 a server that is gone still has what c's caller may see of that.
func (a *API) operationsOn(c *call) (vif.Server, []vif.Operation, error) {
	server, unknown := a.pathServer(c)
	gone := unknown != nil && kindOf(unknown) == vif.NotFound && c.version.atLeast(21)
	if unknown != nil && !gone {
		return server, nil, unknown
	}
	if gone {
		server.ID = canonical(c.params["server"])
	}
	done, err := a.Operations.Operations(c.Context(), server.ID)
	if err != nil {
		return server, nil, err
	}
	if gone {
		done = slices.DeleteFunc(slices.Clone(done), func(o vif.Operation) bool { return !c.who.sees(o.Project) })
	}
	if gone && len(done) == 0 {
		return server, nil, unknown
	}
	return server, done, nil
}

// actionFilter returns the test that c's query puts operations to: by when they
// changed last, since 2.58. What is no such question is an error since then.
func actionFilter(c *call) (func(vif.Operation) bool, error) {
	q := c.URL.Query()
	if !c.version.atLeast(58) {
		return func(vif.Operation) bool { return true }, nil
	}
	known := []string{"limit", "marker", "changes-since"}
	if c.version.atLeast(66) {
		known = append(known, "changes-before")
	}
	since, e1 := queriedTime(q, "changes-since")
	before, e2 := queriedTime(q, "changes-before")
	if err := firstOf(onlyKeys(q, known), e1, e2); err != nil {
		return nil, err
	}
	if !before.IsZero() && since.After(before) {
		return nil, vif.Invalid.Because("The value of changes-since must be less than or equal to changes-before.")
	}
	return func(o vif.Operation) bool {
		changed := changedAt(o)
		return !changed.Before(since) && (before.IsZero() || !changed.After(before))
	}, nil
}

// queriedTime returns the time that q has under the name, or the zero time.
func queriedTime(q url.Values, name string) (time.Time, error) {
	text := q.Get(name)
	if !q.Has(name) {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, badQuery(name, text, "is not a 'date-time'")
}

func badQuery(name, value, why string) error {
	return &httpError{status: http.StatusBadRequest, text: "Invalid input for query parameters " + name + ". Value: " +
		str(value) + ". " + repr(value) + " " + why}
}

// onlyKeys refuses a query that has other keys than those.
func onlyKeys(q url.Values, known []string) error {
	asked := object{}
	for name := range q {
		asked = append(asked, member{name, nil})
	}
	s := &schema{kind: "object"}
	for _, name := range known {
		s.properties = append(s.properties, property{name: name, schema: &schema{}})
	}
	if found := s.check(asked); found != nil {
		return &httpError{status: http.StatusBadRequest, text: found.nova()}
	}
	return nil
}
