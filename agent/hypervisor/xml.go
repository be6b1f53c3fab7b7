package hypervisor

import (
	"vifd/libvirtxml"
	"vifd/vif"
)

// XML returns the <interface> that Show gives to libvirt, with its link up.
func (h *Host) XML(n vif.NIC) (string, error) { return libvirtxml.Interface(n, true) }
