package vif

// A Leak is something on this host that is not as the attachments say: it is left
// over, or it is missing, or it is not what it should be.
type Leak struct {
	Kind   LeakKind `json:"kind"`
	Object string   `json:"object"`           // what it is called where it was found
	Port   string   `json:"port,omitempty"`   // whose it is, or was
	Server string   `json:"server,omitempty"` // where a server has it
	Bridge string   `json:"bridge,omitempty"` // where a switch has it
	Gen    int64    `json:"-"`                // which attachment left it, where it says so
	Cookie uint64   `json:"-"`                // of flows
	Why    string   `json:"why"`
}

// A LeakKind says what is the matter with which sort of thing.
type LeakKind string

// What has our mark, and is no attachment's.
const (
	StrayTap        LeakKind = "stray_tap"
	StraySwitchPort LeakKind = "stray_switch_port"
	StrayFlows      LeakKind = "stray_flows"
	StrayNIC        LeakKind = "stray_nic"      // a server has it
	StrayMetadata   LeakKind = "stray_metadata" // a domain's metadata names it
	StrayDevice     LeakKind = "stray_device"   // QEMU has it, and libvirt does not know
	StrayClaim      LeakKind = "stray_claim"    // a port that is bound to a server

	// Unknown is a NIC of which the domain's metadata says that vifd plugged it
	// in, and the store does not know: the store was lost, or it is another
	// host's. Nobody takes it away.
	Unknown LeakKind = "unknown_nic"
)

// What an attachment should have, and has not.
const (
	MissingTap        LeakKind = "missing_tap"
	MissingSwitchPort LeakKind = "missing_switch_port"
	MissingFlows      LeakKind = "missing_flows"
	MissingBase       LeakKind = "missing_base_flows" // of a bridge
	MissingNIC        LeakKind = "missing_nic"
	MissingDefinition LeakKind = "missing_definition" // the guest has it, and its definition not
	MissingPort       LeakKind = "missing_port"       // the authority does not bind it to the server
	WrongTap          LeakKind = "wrong_tap"
	WrongSwitchPort   LeakKind = "wrong_switch_port"
	WrongNIC          LeakKind = "wrong_nic"
	WrongDefinition   LeakKind = "wrong_definition"
	SharedAddress     LeakKind = "shared_address" // two ports have the same MAC or IP address
)

// LeakKinds are all kinds.
func LeakKinds() []LeakKind {
	return []LeakKind{
		StrayTap, StraySwitchPort, StrayFlows, StrayNIC, StrayMetadata, StrayDevice, StrayClaim, Unknown,
		MissingTap, MissingSwitchPort, MissingFlows, MissingBase, MissingNIC, MissingDefinition, MissingPort,
		WrongTap, WrongSwitchPort, WrongNIC, WrongDefinition, SharedAddress,
	}
}

// Stray tells whether the thing is one that nobody owns, and may be taken away.
func (k LeakKind) Stray() bool { return len(k) > 6 && k[:6] == "stray_" }
