package api

import (
	"net/http"
	"slices"
	"strings"

	"vifd/vif"
)

// A Grant is what somebody may do, and for whom.
type Grant struct {
	Role    Role
	Project string // "" for all of them
}

// The roles by their names; Nobody has none.
var roleNames = []string{Reader: "reader", Member: "member", Admin: "admin"}

// String returns the name of the role.
func (r Role) String() string { return roleNames[r] }

// ParseGrant returns the grant of a role, by its name, for a project. Members
// work for a project, and admins stand above all; readers may do either.
func ParseGrant(role, project string) (Grant, error) {
	g := Grant{Role: Role(max(0, slices.Index(roleNames, role))), Project: project}
	switch {
	case g.Role == Nobody:
		return g, vif.Invalid.Because("%q is no role: it is reader, member or admin", shorten(role))
	case g.Role == Member && project == "":
		return g, vif.Invalid.Because("a member needs the project that it is a member of")
	case g.Role == Admin && project != "":
		return g, vif.Invalid.Because("an admin stands above projects, and has none")
	case len(project) > 64 || strings.ContainsFunc(project, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }):
		return g, vif.Invalid.Because("a project is at most 64 letters, digits and signs, without blanks and slashes")
	}
	return g, nil
}

// to returns who has g and goes by the name user.
func (g Grant) to(user string) Identity {
	return Identity{Caller: vif.Caller{User: user, Project: g.Project, Admin: g.Role == Admin}, Role: g.Role}
}

// Anybody is a Who to whom all callers are the same: who comes that way has the
// grant, without any credentials.
type Anybody Grant

// Explain has nothing to advise: there are no other callers.
func (a Anybody) Explain(Role) string { return "another way in" }

// Identify returns the one caller.
func (a Anybody) Identify(*http.Request) (Identity, error) { return Grant(a).to("anybody"), nil }
