package api

import "slices"

// Who may is asked three times, as OpenStack's services do: who nobody knows is
// asked at once who they are, who may do nothing is not listened to, and whose role
// does not reach to what they ask is told so once it is clear what that is.

// introduce asks those who come by a network, and did not say so, who they are.
func (a *API) introduce(c *call) error {
	if c.mayNot() && c.who.User == "" && c.door.remote() {
		return a.stranger(c)
	}
	return nil
}

// admit refuses callers who have no role at all: their bodies are not looked at,
// and neither are servers for them.
func (a *API) admit(c *call) error {
	if c.mayNot() && c.who.Role == Nobody {
		return denied(c)
	}
	return nil
}

// authorize refuses callers whose role does not reach to the route. What is about
// a server of the Compute API's has a body and a server that are looked at before,
// as in Nova: there, whoever looks for the server asks.
func (a *API) authorize(c *call) error {
	if c.mayNot() && !c.route.serverFirst() {
		return denied(c)
	}
	return nil
}

func (c *call) mayNot() bool { return c.who.Role < c.route.who }

// serverFirst tells whether r's server is looked for before it is said who may
// not. Its handler has to do so by namedServer, before it does anything.
func (r *route) serverFirst() bool {
	return r.as.servers && slices.Contains(r.paths[0], "{server}")
}
