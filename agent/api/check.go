package api

import (
	"mime"
	"net/http"
	"slices"

	"vifd/vif"
)

// mediaTypes are the types of body that are read as JSON. No type at all and
// text/plain are, too, as Nova has it.
var mediaTypes = []string{"application/json", "application/vnd.openstack.compute+json", "text/plain"}

// mediaType refuses bodies that say that they are not JSON.
func (a *API) mediaType(c *call) error {
	text := c.Header.Get("Content-Type")
	if text == "" || !c.route.exists() {
		return nil
	}
	name, _, err := mime.ParseMediaType(text)
	if err != nil && name == "" || !slices.Contains(mediaTypes, name) {
		return &httpError{status: http.StatusUnsupportedMediaType, text: "Unsupported Content-Type"}
	}
	return nil
}

// parseBody decodes the body, of methods that have one.
func (a *API) parseBody(c *call) error {
	if !c.route.exists() || !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, c.Method) {
		return nil
	}
	if len(c.raw) > largeBody {
		end, err := a.compute(a.streams.ctx)
		if err != nil {
			return err
		}
		defer end()
	}
	v, err := decode(c.raw)
	if err != nil {
		return &httpError{status: http.StatusBadRequest, text: "Malformed request body"}
	}
	c.body = v
	return nil
}

// chooseProject settles whose project the call is about: one that the path
// names, which must be the caller's own where the caller has one.
func (a *API) chooseProject(c *call) error {
	c.project = c.who.Project
	named, ok := c.params["project"]
	if !ok {
		return nil
	}
	if c.who.Project != "" && canonical(named) != canonical(c.who.Project) {
		return vif.Invalid.Because("Malformed request URL: URL's project_id '%s' doesn't match Context's project_id '%s'",
			named, c.who.Project)
	}
	c.project = named
	return nil
}

// ready refuses changes while vifd is not ready for them. Reads go on.
func (a *API) ready(c *call) error {
	if !c.route.changes() {
		return nil
	}
	if why := a.Health.Ready(); why != "" {
		return vif.Unavailable.Because("vifd takes no changes now: %s", why)
	}
	return nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
