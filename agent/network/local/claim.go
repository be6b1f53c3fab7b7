package local

import (
	"context"
	"errors"
	"slices"

	"vifd/agent/store"
	"vifd/vif"
)

// deviceOwner marks the ports that servers hold, as "compute:<zone>" does in
// the OpenStack Networking API.
const deviceOwner = "compute:vifd"

// Claim returns the port that r asks for, bound to r.Server on this host: the
// one it names, which no server may hold, or a new one on the network it names
// or on the only one that its project can see. A new one lasts until Release.
func (l *Local) Claim(ctx context.Context, r vif.Request) (vif.Port, error) {
	if err := checkRequest(r); err != nil {
		return vif.Port{}, err
	}
	return change(ctx, l, func(tx *store.Tx) (vif.Port, error) { return l.claim(tx, r) })
}

// errPreviewed takes back what a preview has put.
var errPreviewed = errors.New("previewed")

// Preview returns the port that Claim would, or the error that it would, and
// changes nothing. The ID, the MAC and the addresses of a new port are only
// those that it would get now.
func (l *Local) Preview(ctx context.Context, r vif.Request) (p vif.Port, err error) {
	if err := checkRequest(r); err != nil {
		return vif.Port{}, err
	}
	err = l.store.Update(ctx, func(tx *store.Tx) (err error) {
		if p, err = l.claim(tx, r); err != nil {
			return err
		}
		return errPreviewed
	})
	if errors.Is(err, errPreviewed) {
		err = nil
	}
	return p, err
}

// claim finds or makes the port that r asks for, and binds it.
func (l *Local) claim(tx *store.Tx, r vif.Request) (vif.Port, error) {
	find := l.newPort
	if r.Port != "" {
		find = l.oldPort
	}
	p, err := find(tx, r)
	if err != nil {
		return p, err
	}
	p.Device, p.DeviceOwner, p.Host, p.Updated = r.Server, deviceOwner, l.host, l.now()
	if p.Claim, err = tx.NextClaim(); err != nil {
		return p, err
	}
	if err := tx.PutPort(p); err != nil {
		return p, err
	}
	return newRules(tx).guard(p)
}

// checkRequest refuses what does not go together, or is not for this caller.
func checkRequest(r vif.Request) error {
	switch {
	case r.Server == "":
		return vif.Invalid.Because("A port is plugged into a server, and none is given.")
	case r.Port != "" && r.Network != "":
		return vif.Invalid.Because("Must not input both network_id and port_id")
	case len(r.FixedIPs) > 0 && r.Network == "":
		return vif.Invalid.Because("Must input network_id when request IP address")
	case r.MAC != "" && r.Port != "":
		return vif.Invalid.Because("Port %s has a MAC address already: give none.", r.Port)
	case r.Secure != nil && !*r.Secure && !r.Caller.Admin:
		return vif.Forbidden.Because("Port security can be lifted by an admin only.")
	}
	return checkNames(r.Server, r.Project)
}

// oldPort returns the port that r names, if it is to be had.
func (l *Local) oldPort(tx *store.Tx, r vif.Request) (vif.Port, error) {
	p, err := port(tx, r.Port)
	if err != nil {
		return p, err
	}
	switch {
	case !r.Caller.May(p.Project) || strangers(p.Project, r.Project):
		return p, vif.Invalid.Because("Port %s not usable for instance %s.", p.ID, r.Server)
	case p.Device != "" || p.Claim != 0:
		return p, vif.InUse.Because("Port %s is still in use.", p.ID)
	case !p.AdminUp:
		return p, vif.WrongState.Because("Port %s is administratively down. Set its admin_state_up to attach it.", p.ID)
	case r.Secure != nil && *r.Secure != p.Secure:
		return p, vif.Invalid.Because("Port %s has port_security_enabled=%t. Update the port to change that.", p.ID, p.Secure)
	case len(r.SecGroups) > 0 && !slices.Equal(sorted(r.SecGroups), p.Groups):
		return p, vif.Invalid.Because("Port %s has other security groups than those. Update the port to change them.", p.ID)
	}
	n, err := network(tx, p.Network)
	if err != nil {
		return p, err
	}
	return p, checkUp(n)
}

// strangers tells whether these are two projects. What is nobody's is everybody's.
func strangers(port, server string) bool { return port != "" && server != "" && port != server }

// newPort returns a port made for r, which is not put yet.
func (l *Local) newPort(tx *store.Tx, r vif.Request) (vif.Port, error) {
	n, err := chosen(tx, r)
	if err != nil {
		return vif.Port{}, err
	}
	if err := checkUp(n); err != nil {
		return vif.Port{}, err
	}
	p, err := l.made(tx, n, vif.PortSpec{
		Project: project(r), MAC: r.MAC, FixedIPs: r.FixedIPs, Secure: r.Secure, AdminUp: true, Groups: r.SecGroups,
	})
	if err != nil {
		return p, err
	}
	p.Ephemeral = true
	if guardable(p) != nil {
		return p, vif.Invalid.Because("Network requires port_security_enabled and subnet associated in order to apply security groups.")
	}
	return p, seen(tx, r.Caller, p.Groups)
}

func checkUp(n vif.Network) error {
	if !n.AdminUp {
		return vif.WrongState.Because("Network %s is administratively down. Set its admin_state_up to attach to it.", n.ID)
	}
	return nil
}
