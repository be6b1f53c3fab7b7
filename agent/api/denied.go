package api

import (
	"fmt"

	"vifd/vif"
)

// authorize refuses callers whose role does not reach to the route, and asks
// those who come by a network, and did not say so, who they are.
func (a *API) authorize(c *call) error {
	switch {
	case c.who.Role >= c.route.who:
		return nil
	case c.who.User == "" && c.door.remote():
		return a.stranger(c)
	}
	return denied(c, c.route.policy())
}

// denied says that c's caller may not, in the words of what c speaks. What it
// takes is in the log, and told where no other service's words are expected.
func denied(c *call, policy string) error {
	takes := fmt.Sprintf("%s: it takes %s", orElse(c.who.User, "an unknown caller"), c.door.Who.Explain(c.route.who))
	switch c.route.as {
	case own:
		return vif.Forbidden.Because("%s is not allowed to %s.", policy, takes)
	case network:
		return vif.Forbidden.From(fmt.Errorf("%s", takes), "rule:%s is disallowed by policy", policy)
	}
	return vif.Forbidden.From(fmt.Errorf("%s", takes), "Policy doesn't allow %s to be performed.", policy)
}
