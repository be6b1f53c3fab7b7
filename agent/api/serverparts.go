package api

import (
	"net/url"
	"time"

	"vifd/vif"
)

// base returns where c's compute resources are, with the project if the path
// has it.
func (c *call) base() string {
	if project, ok := c.params["project"]; ok {
		return c.host() + c.route.as.root + "/" + project
	}
	return c.host() + c.route.as.root
}

// bookmark returns the address of a resource without a version.
func (c *call) bookmark(path string) string {
	if project, ok := c.params["project"]; ok {
		return c.host() + "/" + project + path
	}
	return c.host() + path
}

func serverLinks(c *call, id string) []object {
	return links("self", c.base()+"/servers/"+id, "bookmark", c.bookmark("/servers/"+id))
}

// imageView is the image that a server was made from, or "" as for servers
// that boot from a volume.
func imageView(c *call, s vif.Server) any {
	if s.Image == "" {
		return ""
	}
	return object{{"id", s.Image}, {"links", links("bookmark", c.bookmark("/images/"+s.Image))}}
}

// flavorView is a server's size: by reference before 2.47, and then by value.
func flavorView(c *call, s vif.Server) object {
	name := flavorName(s)
	if !c.version.atLeast(47) {
		return object{{"id", name}, {"links", links("bookmark", c.bookmark("/flavors/"+url.PathEscape(name)))}}
	}
	return object{
		{"vcpus", s.VCPUs}, {"ram", s.MemoryMiB}, {"disk", 0}, {"ephemeral", 0}, {"swap", 0},
		{"original_name", name}, {"extra_specs", object{}},
	}
}

// later returns the later of when a server was created and when it came up.
func later(created time.Time, s vif.Server) time.Time {
	if s.UpSince.After(created) {
		return s.UpSince
	}
	return created
}
