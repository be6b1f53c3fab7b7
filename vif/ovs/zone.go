package ovs

import (
	"context"
	"strconv"

	"vifd/vif"
)

// zone returns the zone of n's connections: no two guarded ports of the host have
// the same OpenFlow number.
func zone(n vif.NIC) int { return n.OFPort }

// sole refuses a guarded n whose connections could not be told from those of
// another port.
func (s *Switch) sole(n vif.NIC) error {
	if !guarded(n.Port) {
		return nil
	}
	v := s.db.view()
	for _, p := range v.ours() {
		i := v.iface(p.Name)
		if walled(p) && p.ExternalIDs[keyPort] != n.Port.ID && i != nil && or(i.OFPortRequest) == n.OFPort {
			return vif.InUse.Because("port %s has the OpenFlow number of port %s, which is on another bridge, so that their connections could not be told apart: detach one of them and attach it again",
				n.Port.ID, p.ExternalIDs[keyPort])
		}
	}
	return nil
}

// flush returns when every connection in the zone is forgotten.
func (b *bridge) flush(ctx context.Context, zone int) error {
	err := errNoConnection
	if c := b.connection(); c != nil {
		err = c.Flush(ctx, uint16(zone))
	}
	if err != nil && ctx.Err() == nil {
		_, err = run(ctx, nil, "ovs-ofctl", protocolFlag, "ct-flush-zone", b.target(), strconv.Itoa(zone))
	}
	if err != nil {
		return vif.Unavailable.From(err, "Open vSwitch does not forget the connections of an older port on bridge %s", b.name)
	}
	return nil
}
