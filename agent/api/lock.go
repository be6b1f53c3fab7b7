package api

import "vifd/vif"

// lockBody is the schema of what locks a server, since 2.73. Before that there
// is none.
var lockBody = &schema{kind: "object", required: []string{"lock"}, properties: []property{
	{name: "lock", schema: &schema{kind: "object", null: true, properties: []property{
		{name: "locked_reason", schema: &schema{kind: "string", minLength: 1, maxLength: 255}},
	}}},
}}

// lock keeps all but admins from changing a server.
func (a *API) lock(c *call) error {
	reason := ""
	if c.version.atLeast(73) {
		if err := c.conforms(lockBody); err != nil {
			return err
		}
		reason = text(inner(c.body, "lock"), "locked_reason", "")
	}
	server, err := a.pathServer(c)
	if err != nil {
		return err
	}
	return a.Locks.Lock(c.Context(), server.ID, c.who.Caller, reason)
}

// unlock ends that. What an admin has locked, only an admin unlocks.
func (a *API) unlock(c *call) error {
	server, err := a.pathServer(c)
	if err != nil {
		return err
	}
	return a.Locks.Unlock(c.Context(), server.ID, c.who.Caller)
}

func checkLock(c *call, s vif.Server) error { return lockedFor(c.who.Caller, s) }

// lockedFor returns an error if the server is locked for the caller.
func lockedFor(caller vif.Caller, s vif.Server) error {
	if s.Locked && !caller.Admin {
		return vif.WrongState.Because("Instance %s is locked", s.ID)
	}
	return nil
}
