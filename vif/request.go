package vif

import "net/netip"

// A Request asks for a NIC. Network and Port are exclusive; with neither, the
// only network there is gets chosen.
type Request struct {
	Server     string         // the server's ID
	Port       string         // plug this port in
	Network    string         // or make a port on this network
	FixedIPs   []AddressClaim // with these addresses; only with Network
	MAC        string         // and this MAC, or "" for one of ours
	Tag        Tag            // the device role tag, or ""
	Secure     *bool          // port_security_enabled, or nil for the network's
	SecGroups  []string       // the IDs of its security groups; none leaves an old port those that it has
	Project    string         // whose port it becomes
	Caller     Caller         // who asks
	Operation  string         // names this request in the log and in the store; a "req-" UUID
	Seen       *Server        // the server, as it was found when the request was checked; nil: not yet
	Once       *Once          // by which it is known when it is asked again; nil: it is not
	OnProgress func(Progress) // told of each step as it ends; may be nil
}

// A Progress is a step of an attach or a detach that has ended.
type Progress struct {
	Step string  `json:"step"`
	Ms   float64 `json:"ms"` // how long it took, in milliseconds
	Err  string  `json:"error,omitempty"`
	Item int     `json:"item,omitempty"` // which attachment of a batch it is of, from 1; 0 where there is one
}

// An AddressClaim asks for one address: this one, or one of this version, or
// one from this subnet. Version and Subnet may go together; the zero value asks
// for whatever the network gives.
type AddressClaim struct {
	Address netip.Addr // the zero Addr leaves the choice to the authority
	Version int        // 4, 6, or 0 for either
	Subnet  string
}

// A PortSpec is what is asked of a new port.
type PortSpec struct {
	Name        string
	Project     string
	Network     string
	MAC         string         // "" for one of ours
	FixedIPs    []AddressClaim // nil for one of each version that the network has; empty for none
	Secure      *bool          // nil for the network's
	Groups      []string       // the IDs of its security groups
	AdminUp     bool
	Device      string
	DeviceOwner string
}

// A Caller is who asks, as far as deciding needs it.
type Caller struct {
	Project string // "" for one that stands above projects
	User    string
	Admin   bool
}

// May tells whether c may see what belongs to project.
func (c Caller) May(project string) bool {
	return c.Admin || c.Project != "" && c.Project == project
}
