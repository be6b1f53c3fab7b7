package api

import (
	"context"
	"net/http"

	"vifd/vif"
)

// Upkeep is what root asks of vifd itself.
type Upkeep interface {
	// Rebuild gives the store back what it has lost, as far as it is found on the
	// host, and says what that was.
	Rebuild(ctx context.Context) (vif.Rebuilt, error)

	// Prepare makes what a server needs that is about to start, without asking
	// libvirt anything.
	Prepare(ctx context.Context, server string) error
}

func (a *API) rebuildStore(c *call) (reply, error) {
	r, err := a.Upkeep.Rebuild(c.Context())
	if err != nil {
		return reply{}, err
	}
	return ok(r), nil
}

func (a *API) prepareServer(c *call) (reply, error) {
	if err := a.Upkeep.Prepare(c.Context(), canonical(c.params["server"])); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, nil
}
