package ovs

import (
	"strconv"
	"strings"

	"vifd/vif"
)

// What the external_ids of rows of ours say. iface-id, attached-mac,
// iface-status and vm-id are those of the integration guide of Open vSwitch.
const (
	keyOwner  = "owner" // of a Port or a QoS row
	owner     = "vifd"
	keyPort   = "vifd-port"
	keyGen    = "vifd-gen"
	keyDevice = "vifd-ifindex" // the device that the row was written for
	keyMAC    = "attached-mac"
	keyServer = "vm-id"
	keyBase   = "vifd-base"  // of a bridge that has our base flows
	keyGuard  = "vifd-guard" // of both ends of a wire: the guarded port

	// What a lost store is rebuilt from.
	keyNetwork   = "vifd-network"
	keyAddresses = "vifd-addresses" // with commas between them
	keySecure    = "vifd-secure"    // "false" for a port whose rules let everything through
	keyGroups    = "vifd-groups"    // of a port that has security groups; with commas between them
)

// marked returns what external_ids of rows for the port include.
func marked(port string) map[string]string { return map[string]string{keyOwner: owner, keyPort: port} }

// foreign tells whether a port is not ours.
func foreign(p *portRow) bool {
	return p.ExternalIDs[keyOwner] != owner || p.ExternalIDs[keyPort] == ""
}

// generation reads vifd-gen; one that is no number is the oldest.
func generation(ids map[string]string) int64 {
	n, _ := strconv.ParseInt(ids[keyGen], 10, 64)
	return n
}

// portIDs returns the external_ids of n's Port row.
func portIDs(n vif.NIC) map[string]string {
	ids := marked(n.Port.ID)
	ids[keyGen] = strconv.FormatInt(n.Gen, 10)
	return ids
}

// interfaceIDs returns the external_ids of n's Interface row; device is the
// index of its tap, or 0 when it is not known.
func interfaceIDs(n vif.NIC, device int) map[string]string {
	ids := map[string]string{
		"iface-id": n.Port.ID, "iface-status": "active", keyServer: n.Server,
		keyMAC: n.Port.MAC, keyPort: n.Port.ID, keyGen: strconv.FormatInt(n.Gen, 10),
		keyNetwork: n.Port.Network, keyAddresses: addresses(n.Port), keySecure: strconv.FormatBool(n.Port.Secure),
	}
	if device > 0 {
		ids[keyDevice] = strconv.Itoa(device)
	}
	if len(n.Port.Groups) > 0 {
		ids[keyGroups] = strings.Join(n.Port.Groups, ",")
	}
	return ids
}

func addresses(p vif.Port) string {
	all := make([]string, len(p.FixedIPs))
	for i, ip := range p.FixedIPs {
		all[i] = ip.Address.String()
	}
	return strings.Join(all, ",")
}

// What selects the flows of ours by their cookies.
const (
	cookieMark = vif.CookieMark
	cookieMask = vif.CookieMask
	baseCookie = cookieMark // of the flows that belong to no port
)
