package api

import (
	"context"
	"net/http"
	"slices"

	"vifd/vif"
)

// A collection is a kind of resource of the Networking API: how its members
// are listed, shown, made and changed.
type collection[T any] struct {
	one, many, title string // "port", "ports", "Port"

	list    func(context.Context) ([]T, error)
	get     func(context.Context, string) (T, error)
	make    func(c *call, body object) (T, error)
	change  func(c *call, old T, body object) (T, error)
	delete  func(context.Context, string) error
	viewer  func(c *call) (func(T) object, error) // a view of T, with all that it takes looked up once
	visible func(c *call) (func(T) bool, error)
	owner   func(T) string

	created, changed *schema // of a body, without its envelope
}

func (n *collection[T]) index(c *call) (reply, error) {
	all, err := n.list(c.Context())
	if err != nil {
		return reply{}, err
	}
	view, err := n.viewer(c)
	if err != nil {
		return reply{}, err
	}
	visible, err := n.visible(c)
	if err != nil {
		return reply{}, err
	}
	views := []object{}
	for _, t := range all {
		if visible(t) {
			views = append(views, view(t))
		}
	}
	found, err := query(c, view(*new(T)), views)
	if err != nil {
		return reply{}, err
	}
	return ok(object{{n.many, found}}), nil
}

// find returns the resource that c's path names, if its caller sees it.
func (n *collection[T]) find(c *call) (T, error) {
	id, isID := parseUUID(c.params["id"])
	if !isID {
		return *new(T), about(n.title, c.params["id"], vif.NotFound)
	}
	t, err := n.get(c.Context(), id)
	if err != nil {
		return t, about(n.title, id, err)
	}
	visible, err := n.visible(c)
	if err == nil && !visible(t) {
		err = about(n.title, id, vif.NotFound)
	}
	return t, err
}

func (n *collection[T]) show(c *call) (reply, error) {
	t, err := n.find(c)
	if err != nil {
		return reply{}, err
	}
	return n.say(c, http.StatusOK, t)
}

// say answers with t, or the fields of it that the query asks for.
func (n *collection[T]) say(c *call, status int, t T) (reply, error) {
	view, err := n.viewer(c)
	if err != nil {
		return reply{}, err
	}
	shown := view(t)
	if fields := c.URL.Query()["fields"]; len(fields) > 0 {
		shown = shown.only(fields)
	}
	return reply{status: status, body: object{{n.one, shown}}}, nil
}

func (n *collection[T]) create(c *call) (reply, error) {
	body, err := n.checked(c, n.created)
	if err != nil {
		return reply{}, err
	}
	t, err := n.make(c, body)
	if err != nil {
		return reply{}, err
	}
	return n.say(c, http.StatusCreated, t)
}

func (n *collection[T]) update(c *call) (reply, error) {
	body, err := n.checked(c, n.changed)
	if err != nil {
		return reply{}, err
	}
	old, err := n.owned(c)
	if err != nil {
		return reply{}, err
	}
	t, err := n.change(c, old, body)
	if err != nil {
		return reply{}, ofResource(n.title, err)
	}
	return n.say(c, http.StatusOK, t)
}

func (n *collection[T]) remove(c *call) (reply, error) {
	if _, err := n.owned(c); err != nil {
		return reply{}, err
	}
	id := canonical(c.params["id"])
	if err := n.delete(c.Context(), id); err != nil {
		return reply{}, about(n.title, id, err)
	}
	return reply{status: http.StatusNoContent}, nil
}

// owned is find for who wants to change what it finds: to see it, because it
// is shared, is not enough.
func (n *collection[T]) owned(c *call) (T, error) {
	t, err := n.find(c)
	if err == nil && !c.who.May(n.owner(t)) {
		err = disallowed(c.route.policy(), "this "+n.one+" belongs to another project")
	}
	return t, err
}

// checked returns the body inside its envelope, once it conforms to s.
func (n *collection[T]) checked(c *call, s *schema) (object, error) {
	body := s.loosely(inner(c.body, n.one))
	if found := enveloped(n.one, s).check(c.body); found != nil {
		return nil, &httpError{status: http.StatusBadRequest, text: n.refusal(found)}
	}
	for _, p := range s.properties {
		if _, there := body.get(p.name); there && p.admin && !c.who.Admin {
			return nil, lacks(c, Admin, c.route.policy()+":"+p.name)
		}
	}
	return body, nil
}

// enveloped is the schema of a body that has what s says in a member of the name.
func enveloped(name string, s *schema) *schema {
	return &schema{kind: "object", required: []string{name}, properties: []property{{name: name, schema: s}}}
}

// names tells whether s has a property of the name.
func (s *schema) names(name string) bool {
	return slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name })
}
