package ovs

import (
	"context"
	"fmt"
	"time"

	"vifd/vif"
)

// Wired returns nil as soon as the switch has n's port: under n.OFPort, without
// an error, and polling the tap of today. It waits to be told of that and asks
// nobody. When ctx ends first, the error says what the switch has instead; an
// ofport of −1 alone may pass, and is waited out.
func (s *Switch) Wired(ctx context.Context, n vif.NIC) error {
	began := time.Now()
	rung, stop := s.bell.listen(interfaceBell + n.Tap)
	defer stop()
	for {
		why := s.unwired(n)
		if why == "" {
			return nil
		}
		select {
		case <-rung:
		case <-ctx.Done():
			if _, err := s.db.connected(); err != nil {
				return err
			}
			return vif.Unavailable.From(ctx.Err(), "switch port %s after %v: %s",
				n.Tap, time.Since(began).Round(time.Millisecond), why)
		}
	}
}

// unwired returns why n's port does not carry, or "" when it does.
func (s *Switch) unwired(n vif.NIC) string {
	p, ok := s.Port(n)
	switch {
	case !ok:
		return "it is not in Open vSwitch's database"
	case p.Error != "":
		return p.Error
	case p.OFPort == 0:
		return "ovs-vswitchd has not taken it: is it running?"
	case p.OFPort < 0:
		return "ovs-vswitchd could not add it and says no more: see its log"
	case p.OFPort != n.OFPort:
		return fmt.Sprintf("it got OpenFlow port %d and not %d, which another port has", p.OFPort, n.OFPort)
	}
	switch device := s.index(n.Tap); {
	case s.config.Index == nil:
		return ""
	case device == 0:
		return "there is no such tap, whatever ovs-vswitchd still holds"
	case p.Index == device:
		return ""
	default:
		return fmt.Sprintf("ovs-vswitchd uses device %d, and the tap is device %d", p.Index, device)
	}
}
