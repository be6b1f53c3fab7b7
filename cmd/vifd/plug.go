package main

import (
	"context"

	"vifd/agent/api/client"
	"vifd/vif"
)

// plug attaches all of it, and prints what that made. A port that came up in
// error is there all the same, and the exit code says so.
func (a *app) plug(ctx context.Context, c *client.Client, all []client.NewAttachment) error {
	made, err := a.attached(ctx, c, all)
	if err != nil {
		return err
	}
	show := a.many
	if len(all) == 1 {
		show = func(made []vif.Attachment, n names) document { return a.one(made[0], n) }
	}
	if err := a.print(show(made, a.names(ctx, c))); err != nil {
		return err
	}
	return a.tellState(made)
}

// attached attaches one interface, or several in one go: all of them or none.
func (a *app) attached(ctx context.Context, c *client.Client, all []client.NewAttachment) ([]vif.Attachment, error) {
	if len(all) == 1 {
		at, err := c.Attach(ctx, all[0], a.steps())
		return []vif.Attachment{at}, err
	}
	results, err := c.AttachAll(ctx, all, a.steps())
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, vif.Internal.Because("the agent says what became of %d servers, and was asked for one", len(results))
	}
	return results[0].Attachments, results[0].Err
}

// tellState says what is not well of ports that were plugged in.
func (a *app) tellState(made []vif.Attachment) (err error) {
	for _, at := range made {
		if at.State != vif.Active && at.Reason != "" {
			a.note("the port %s is %s: %s", at.Port.ID, at.State, printable(at.Reason))
		}
		if at.State == vif.Error {
			err = degraded{}
		}
	}
	return err
}
