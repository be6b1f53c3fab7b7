package hypervisor

import (
	"libvirt.org/go/libvirt"

	"vifd/vif"
)

// states are libvirt's states in Nova's words.
var states = map[libvirt.DomainState]vif.ServerState{
	libvirt.DOMAIN_NOSTATE:     vif.ServerBuilding,
	libvirt.DOMAIN_RUNNING:     vif.ServerActive,
	libvirt.DOMAIN_BLOCKED:     vif.ServerActive, // idle, or waiting for a resource
	libvirt.DOMAIN_PAUSED:      vif.ServerPaused,
	libvirt.DOMAIN_SHUTDOWN:    vif.ServerShutting,
	libvirt.DOMAIN_SHUTOFF:     vif.ServerStopped,
	libvirt.DOMAIN_CRASHED:     vif.ServerCrashed,
	libvirt.DOMAIN_PMSUSPENDED: vif.ServerSuspended,
}

// stateOf returns what a server does. saved tells whether it has a managed save
// image: then it goes on where it was when it is started.
func stateOf(state libvirt.DomainState, reason int, saved bool) vif.ServerState {
	switch {
	case state == libvirt.DOMAIN_PAUSED && coming(libvirt.DomainPausedReason(reason)):
		return vif.ServerBuilding
	case state == libvirt.DOMAIN_SHUTOFF && saved:
		return vif.ServerSuspended
	}
	if s, ok := states[state]; ok {
		return s
	}
	return vif.ServerCrashed
}

// coming tells whether a server is paused because it does not quite run yet.
func coming(why libvirt.DomainPausedReason) bool {
	return why == libvirt.DOMAIN_PAUSED_STARTING_UP || why == libvirt.DOMAIN_PAUSED_MIGRATION
}
