package api

import (
	"net/http"
	"net/url"
	"strings"

	"vifd/vif"
)

// A Who tells who sends a request.
type Who interface {
	// Identify returns who sent r, as far as r's connection and its credentials
	// prove it. Somebody unknown is Nobody, without an error; who sent wrong
	// credentials is an error of the status 401.
	Identify(r *http.Request) (Identity, error)

	// Explain says what makes a caller of the role, for one who is not.
	Explain(role Role) string
}

// A Role is what a caller may do; each may do what those before it may.
type Role int

// The roles.
const (
	Nobody Role = iota // may see versions and health
	Reader             // may see what is there
	Member             // may change it
	Admin              // may do all, locked or not
)

// An Identity is a caller and what they may do here.
type Identity struct {
	vif.Caller
	Role Role
}

// sees tells whether i may see what belongs to the project: callers that stand
// above projects see all.
func (i Identity) sees(project string) bool {
	return i.Role >= Reader && i.Project == "" || i.May(project)
}

// identityHeaders begin the headers by which OpenStack's middleware tells the
// services behind it who calls. Nobody stands before vifd, so whatever has them
// was written by the client.
var identityHeaders = []string{
	"X-User", "X-Project", "X-Tenant", "X-Role", "X-Domain", "X-Identity", "X-Service", "X-Is-Admin", "X-Trust", "X-Auth-User",
	"Openstack-System-Scope",
}

func dropIdentity(h http.Header) {
	for name := range h {
		for _, prefix := range identityHeaders {
			if strings.HasPrefix(name, prefix) && name != "X-Service-Token" {
				delete(h, name)
			}
		}
	}
}

// identify settles who c's caller is. Requests that a web page may have sent
// are refused whoever's browser it is. Wrong credentials are as good as none:
// what takes none is answered.
func (a *API) identify(c *call) error {
	dropIdentity(c.Header)
	if c.door.fromPage(c.Request) {
		return vif.Forbidden.Because("Requests from web pages are not answered.")
	}
	if !c.door.answersTo(c.Request) {
		return vif.Forbidden.Because("There is no %s here. Use this vifd's address, or name it in the names of its [[listen]].", shorten(hostOf(c.Host)))
	}
	c.shown = secrets(c.Header)
	who, err := c.door.Who.Identify(c.Request)
	if isUnknown(err) {
		c.unknown, err = err, nil
	}
	if err != nil {
		return err
	}
	c.who = who
	return nil
}

// fromPage tells whether a web page may have sent r: it names its origin, or a
// page that is not of this door, or a browser sent it to a name that may be anybody's.
// Where callers come by a network, answersTo knows the names.
func (d *Door) fromPage(r *http.Request) bool {
	if r.Header.Get("Origin") != "" {
		return true
	}
	if page, err := url.Parse(r.Referer()); err != nil || page.Host != "" && page.Host != r.Host {
		return true
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if site == "cross-site" || site == "same-site" {
		return true
	}
	browser := site != "" || strings.HasPrefix(r.UserAgent(), "Mozilla/")
	return browser && !d.remote() && !isLocalName(r.Host)
}

func isLocalName(host string) bool {
	name := hostOf(host)
	a, isAddr := parseAddr(name)
	return name == "localhost" || isAddr && a.IsLoopback()
}
