package openflow

import (
	"context"
	"encoding/binary"
)

// subtypeFlushZone is Open vSwitch's own request to forget a zone's connections.
const subtypeFlushZone = 29

// Flush returns when the switch has forgotten every connection in the zone.
func (c *Conn) Flush(ctx context.Context, zone uint16) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	body := binary.BigEndian.AppendUint32(nil, vendorNicira)
	body = binary.BigEndian.AppendUint32(body, subtypeFlushZone)
	body = append(body, 0, 0, 0, 0, 0, 0)
	body = binary.BigEndian.AppendUint16(body, zone)
	first := c.xid + 1
	return c.exchange(ctx, first, c.barrier(appendMessage(nil, kindExperimenter, c.next(), body...)))
}
