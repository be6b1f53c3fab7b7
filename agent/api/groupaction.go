package api

import (
	"context"
	"errors"
	"slices"

	"vifd/vif"
)

// The actions addSecurityGroup and removeSecurityGroup, which change the groups of
// all ports of a server.

// groupBody is the schema of both: a group goes by its name or its ID.
func groupBody(action string, open bool) *schema {
	return oneMember(action, "name", &schema{kind: "string", minLength: 1, maxLength: 255}, open)
}

func (a *API) addSecurityGroup(c *call) error {
	changed, server, err := a.regroup(c, "addSecurityGroup", func(p vif.Port, id string) []string {
		if slices.Contains(p.Groups, id) {
			return p.Groups
		}
		return append(slices.Clone(p.Groups), id)
	})
	if err == nil && changed == 0 {
		err = vif.Invalid.Because("Instance %s has no port that could have the security group, and has it not yet.", server)
	}
	return err
}

func (a *API) removeSecurityGroup(c *call) error {
	changed, server, err := a.regroup(c, "removeSecurityGroup", func(p vif.Port, id string) []string {
		return slices.DeleteFunc(slices.Clone(p.Groups), func(g string) bool { return g == id })
	})
	if err == nil && changed == 0 {
		err = vif.NotFound.Because("The security group is not associated with the instance %s", server)
	}
	return err
}

// regroup gives all ports of c's server the groups that other says, or none of them,
// and says of how many that has changed any.
func (a *API) regroup(c *call, action string, other func(p vif.Port, id string) []string) (changed int, server string, err error) {
	if err := c.conforms(groupBody(action, c.route.as.soft)); err != nil {
		return 0, "", err
	}
	s, err := a.pathServer(c)
	if err != nil {
		return 0, "", err
	}
	if err := checkLock(c, s); err != nil {
		return 0, s.ID, err
	}
	id, err := a.groupNamed(c, text(inner(c.body, action), "name", ""))
	if err != nil {
		return 0, s.ID, err
	}
	attached, err := a.Attachments.Attached(c.Context(), s.ID)
	if err != nil {
		return 0, s.ID, err
	}
	changed, err = a.regrouped(c.Context(), attached, func(p vif.Port) []string { return other(p, id) })
	return changed, s.ID, a.guarded(c.Context(), err)
}

// regrouped changes the groups of the ports. On an error they are what they were,
// also for a caller who does not wait for it.
func (a *API) regrouped(ctx context.Context, attached []vif.Attachment, other func(vif.Port) []string) (changed int, err error) {
	var was []vif.Port
	for _, at := range attached {
		p, err := a.Networking.Port(ctx, at.Port.ID)
		next := p
		if next.Groups = other(p); len(next.Groups) == len(p.Groups) && err == nil {
			continue
		}
		if err == nil {
			_, err = a.Networking.UpdatePort(ctx, next)
		}
		if err != nil {
			return 0, errors.Join(err, a.putBack(ctx, was))
		}
		was = append(was, p)
	}
	return len(was), nil
}

func (a *API) putBack(ctx context.Context, was []vif.Port) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keeping)
	defer cancel()
	for _, p := range was {
		_, back := a.Networking.UpdatePort(ctx, p)
		err = errors.Join(err, back)
	}
	return err
}
