package api

import (
	"net/http"
	"strings"
)

// The two versions of the Compute API that there are. The first has no
// microversions.
type computeVersion struct {
	id, status, newest, oldest, updated string
	path, number                        string
}

func computeVersions() []computeVersion {
	return []computeVersion{
		{"v2.0", "SUPPORTED", "", "", "2011-01-21T11:33:21Z", "/v2/", "2"},
		{"v2.1", "CURRENT", newest.String(), oldest.String(), "2013-07-23T11:33:21Z", "/v2.1/", "2.1"},
	}
}

func (v computeVersion) view(c *call) object {
	return object{
		{"id", v.id}, {"status", v.status}, {"version", v.newest}, {"min_version", v.oldest},
		{"updated", v.updated}, {"links", links("self", c.host()+v.path)},
	}
}

func (v computeVersion) mediaTypes() member {
	return member{"media-types", []object{{
		{"base", "application/json"}, {"type", "application/vnd.openstack.compute+json;version=" + v.number},
	}}}
}

// detail is v with what only its own document says.
func (v computeVersion) detail(c *call) object {
	described := object{{"rel", "describedby"}, {"type", "text/html"}, {"href", "http://docs.openstack.org/"}}
	view := v.view(c)
	view[len(view)-1].value = append(links("self", c.host()+v.path), described)
	return append(view, v.mediaTypes())
}

// links returns a list of links from pairs of relation and address.
func links(pairs ...string) []object {
	var list []object
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, object{{"rel", pairs[i]}, {"href", pairs[i+1]}})
	}
	return list
}

func (a *API) listVersions(c *call) (reply, error) {
	var list []object
	for _, v := range computeVersions() {
		list = append(list, v.view(c))
	}
	return ok(object{{"versions", list}}), nil
}

func (a *API) showLegacyVersion(c *call) (reply, error) {
	return ok(object{{"version", computeVersions()[0].detail(c)}}), nil
}

func (a *API) showVersion(c *call) (reply, error) {
	return ok(object{{"version", computeVersions()[1].detail(c)}}), nil
}

// chooseVersion answers for paths under no root of ours: where they would be
// in each version.
func (a *API) chooseVersion(c *call) (reply, error) {
	path := strings.Trim(c.URL.EscapedPath(), "/")
	var list []object
	for _, v := range computeVersions() {
		list = append(list, object{
			{"id", v.id}, {"status", v.status}, {"links", links("self", c.host()+v.path+path)}, v.mediaTypes(),
		})
	}
	return reply{status: http.StatusMultipleChoices, body: object{{"choices", list}}}, nil
}

// noRoute answers for what is not in the table, under a root of Nova's.
func (a *API) noRoute(*call) (reply, error) { return reply{}, errNoRoute }

// noSuchPath does so under any other root.
func (a *API) noSuchPath(c *call) (reply, error) {
	return reply{}, &httpError{status: http.StatusNotFound, text: "The resource could not be found: there is no " + c.Method + " " + c.URL.Path}
}
