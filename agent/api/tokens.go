package api

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"vifd/vif"
)

// vifd's own /v1/tokens: who may come by a network.

var (
	tokenName = &schema{kind: "string", minLength: 1, maxLength: 64, pattern: regexp.MustCompile(`^[A-Za-z0-9._@-]*$`)}
	tokenBody = &schema{
		kind: "object", required: []string{"name", "role"},
		properties: []property{
			{name: "name", schema: tokenName},
			{name: "role", schema: anyString},
			{name: "project", schema: anyString},
			{name: "expires", schema: &schema{kind: "string", rule: futureTime}},
		},
	}
)

// futureTime is the rule of a time that is to come.
func futureTime(v any) string {
	s, _ := v.(string)
	if at, err := time.Parse(time.RFC3339, s); err != nil || !at.After(time.Now()) {
		return repr(v) + " is not a time to come, such as '2030-01-31T12:00:00Z'"
	}
	return ""
}

// viewToken is a token as JSON.
func viewToken(t vif.Token) object {
	return object{
		{"id", t.ID}, {"name", t.Name}, {"role", t.Role}, {"project", t.Project}, {"created", stamp(t.Created)},
		{"expires", stamp(t.Expires)}, {"expired", t.Expired(time.Now())}, {"used", stamp(t.Used)},
	}
}

// atSocket refuses callers who do not come by the socket: who got hold of an
// admin's token must not make more of them, which outlive it.
func atSocket(c *call) error {
	if c.door.remote() {
		return vif.Forbidden.Because("Tokens are made, listed and revoked by the socket of their host alone.")
	}
	return nil
}

func (a *API) listTokens(c *call) (reply, error) {
	if err := atSocket(c); err != nil {
		return reply{}, err
	}
	all, err := a.Tokens.Tokens(c.Context())
	if err != nil {
		return reply{}, err
	}
	views := []object{}
	for _, t := range all {
		views = append(views, viewToken(t))
	}
	return ok(object{{"tokens", views}}), nil
}

// createToken answers with the text of the new token. It is the only time that
// it is told.
func (a *API) createToken(c *call) (reply, error) {
	if err := atSocket(c); err != nil {
		return reply{}, err
	}
	if v := tokenBody.check(c.body); v != nil {
		return reply{}, &httpError{status: http.StatusBadRequest, text: v.nova()}
	}
	body, _ := c.body.(object)
	t := vif.Token{Name: text(body, "name", ""), Role: text(body, "role", ""), Project: text(body, "project", ""), Created: time.Now()}
	if _, err := ParseGrant(t.Role, t.Project); err != nil {
		return reply{}, err
	}
	t.Expires, _ = time.Parse(time.RFC3339, text(body, "expires", "")) // as checked; else none
	var secret string
	t.ID, t.Hash, secret = newSecret()
	if err := a.Tokens.PutToken(c.Context(), t); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, unkept: true, body: object{{"token", append(viewToken(t), member{"secret", secret})}}}, nil
}

// revokeToken takes a token by its name or its ID. It is of no use from then on.
func (a *API) revokeToken(c *call) (reply, error) {
	if err := atSocket(c); err != nil {
		return reply{}, err
	}
	all, err := a.Tokens.Tokens(c.Context())
	if err != nil {
		return reply{}, err
	}
	named := c.params["token"]
	i := slices.IndexFunc(all, func(t vif.Token) bool { return t.ID == named })
	if i < 0 {
		i = slices.IndexFunc(all, func(t vif.Token) bool { return t.Name == named })
	}
	if i < 0 {
		return reply{}, vif.NotFound.Because("there is no token with the name or the ID %s", repr(shorten(named)))
	}
	if err := a.Tokens.DropToken(c.Context(), all[i].ID); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, nil
}
