package api

import (
	"errors"
	"fmt"

	"vifd/vif"
)

// denied says that c's caller may not, in the words of what c speaks. What it
// takes is in the log, and told where no other service's words are expected.
func denied(c *call) error { return lacks(c, c.route.who, orElse(c.policy, c.route.policy())) }

// lacks is denied for what takes another role than the route does.
func lacks(c *call, role Role, policy string) error {
	takes := fmt.Sprintf("%s: it takes %s", orElse(c.who.User, "an unknown caller"), c.door.Who.Explain(role))
	switch c.route.as {
	case own:
		return vif.Forbidden.Because("%s is not allowed to %s.", policy, takes)
	case network:
		return disallowed(policy, "it is not allowed to "+takes)
	}
	return vif.Forbidden.From(errors.New(takes), "Policy doesn't allow %s to be performed.", policy)
}

// disallowed says in Neutron's words that a rule forbids it. Why is in the log.
func disallowed(rule, why string) error {
	return vif.Forbidden.From(errors.New(why), "rule:%s is disallowed by policy", rule)
}
