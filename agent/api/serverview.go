package api

import (
	"crypto/sha256"
	"encoding/hex"

	"vifd/vif"
)

// A status is how the Compute API speaks of a state: the status that people
// see, the task, and the number of the power state (nova/compute/power_state.py).
type status struct {
	status string
	task   any
	power  int
}

var statuses = map[vif.ServerState]status{
	vif.ServerActive:    {"ACTIVE", nil, 1},
	vif.ServerPaused:    {"PAUSED", nil, 3},
	vif.ServerStopped:   {"SHUTOFF", nil, 4},
	vif.ServerSuspended: {"SUSPENDED", nil, 7},
	vif.ServerCrashed:   {"ERROR", nil, 6},
	vif.ServerBuilding:  {"BUILD", "spawning", 0},
	vif.ServerShutting:  {"ACTIVE", "powering-off", 1},
}

func statusOf(s vif.ServerState) status {
	if known, ok := statuses[s]; ok {
		return known
	}
	return status{"UNKNOWN", nil, 0}
}

// vmState is the state in the words of vm_state, which has no shutting down.
func vmState(s vif.ServerState) vif.ServerState {
	if s == vif.ServerShutting {
		return vif.ServerActive
	}
	return s
}

// serverView is a server as the microversion shows it, in Nova's order.
func (a *API) serverView(c *call, s vif.Server, addresses object, groups []object) object {
	is := statusOf(s.State)
	created := s.Created
	if created.IsZero() {
		created = s.UpSince
	}
	view := object{
		{"id", s.ID}, {"name", s.Name}, {"status", is.status}, {"tenant_id", s.Project}, {"user_id", s.User},
		{"metadata", object{}}, {"hostId", a.hostID(s.Project)}, {"image", imageView(c, s)}, {"flavor", flavorView(c, s)},
		{"created", stamp(created)}, {"updated", stamp(later(created, s))}, {"addresses", addresses},
		{"accessIPv4", ""}, {"accessIPv6", ""}, {"links", serverLinks(c, s.ID)},
		{"OS-DCF:diskConfig", "MANUAL"}, {"progress", 0}, {"OS-EXT-AZ:availability_zone", "nova"},
		{"config_drive", ""}, {"key_name", nil},
		{"OS-SRV-USG:launched_at", micros(s.UpSince)}, {"OS-SRV-USG:terminated_at", nil},
	}
	if c.who.Admin {
		view = append(view, adminView(a.Host, s, c.version)...)
	}
	view = append(view,
		member{"security_groups", groups},
		member{"OS-EXT-STS:task_state", is.task}, member{"OS-EXT-STS:vm_state", vmState(s.State)},
		member{"OS-EXT-STS:power_state", is.power}, member{"os-extended-volumes:volumes_attached", []object{}})
	return append(view, since(s, c)...)
}

// since returns the members that came with later microversions.
func since(s vif.Server, c *call) object {
	var view object
	for _, m := range []struct {
		minor int
		member
	}{
		{9, member{"locked", s.Locked}},
		{19, member{"description", nil}},
		{26, member{"tags", []string{}}},
		{63, member{"trusted_image_certificates", nil}},
		{73, member{"locked_reason", orNull(s.LockReason)}},
	} {
		if c.version.atLeast(m.minor) {
			view = append(view, m.member)
		}
	}
	if c.version.atLeast(90) && !c.who.Admin { // admins have seen it since 2.3
		view = append(view, member{"OS-EXT-SRV-ATTR:hostname", s.Name})
	}
	return view
}

// adminView returns what only admins see.
func adminView(host string, s vif.Server, v microversion) object {
	view := object{
		{"OS-EXT-SRV-ATTR:host", host}, {"OS-EXT-SRV-ATTR:instance_name", s.Domain},
		{"OS-EXT-SRV-ATTR:hypervisor_hostname", host},
	}
	if v.atLeast(3) {
		view = append(view, object{
			{"OS-EXT-SRV-ATTR:hostname", s.Name}, {"OS-EXT-SRV-ATTR:reservation_id", ""}, {"OS-EXT-SRV-ATTR:launch_index", 0},
			{"OS-EXT-SRV-ATTR:kernel_id", ""}, {"OS-EXT-SRV-ATTR:ramdisk_id", ""},
			{"OS-EXT-SRV-ATTR:root_device_name", nil}, {"OS-EXT-SRV-ATTR:user_data", nil},
		}...)
	}
	if v.atLeast(16) {
		view = append(view, member{"host_status", "UP"})
	}
	return view
}

// hostID is the name under which the members of a project see this host.
func (a *API) hostID(project string) string {
	sum := sha256.Sum224([]byte(project + a.Host))
	return hex.EncodeToString(sum[:])
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
