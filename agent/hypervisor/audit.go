package hypervisor

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"

	"vifd/libvirtxml"
	"vifd/vif"
)

// Definitions returns the NICs that those of the servers have in their
// definitions that run and have one. A server that went away has none.
func (h *Host) Definitions(ctx context.Context, servers []vif.Server) (map[string][]vif.ServerNIC, error) {
	asked := slices.DeleteFunc(slices.Clone(servers), func(s vif.Server) bool { return !s.Live || !s.Persistent })
	found, errs := abreast(asked, func(s vif.Server) ([]vif.ServerNIC, error) { return h.defined(ctx, s) })
	definitions := map[string][]vif.ServerNIC{}
	for i, s := range asked {
		switch {
		case errs[i] == nil:
			definitions[s.ID] = found[i]
		case !errors.Is(errs[i], vif.NotFound):
			return nil, errs[i]
		}
	}
	return definitions, nil
}

// defined returns the NICs that a server that runs is defined with.
func (h *Host) defined(ctx context.Context, live vif.Server) ([]vif.ServerNIC, error) {
	text, err := h.definitionText(ctx, live.ID)
	if err != nil {
		return nil, err
	}
	d, err := libvirtxml.Parse(text)
	if err != nil {
		return nil, err
	}
	nics := d.Server.NICs
	for i, n := range nics {
		now, shown := live.NIC(n.Alias)
		if _, ours := n.Port(); !ours || !shown || now.PCI == n.PCI {
			continue
		}
		vacant, err := libvirtxml.Vacant(text, n.Alias, now.PCI)
		if err != nil {
			return nil, err
		}
		nics[i].Barred = !vacant
	}
	return nics, nil
}

// deviceID is how QEMU's monitor names the NICs of ours and their back ends.
var deviceID = regexp.MustCompile(vif.DeviceAliasPrefix + `([0-9a-f-]{36})`)

// Devices returns the ports of which the server's QEMU has a NIC, or half of one,
// whatever libvirt knows. libvirt notes that its monitor was used.
func (h *Host) Devices(ctx context.Context, server string) ([]string, error) {
	var ports []string
	for command, arguments := range map[string]any{
		"qom-list":              map[string]string{"path": "/machine/peripheral"},
		"human-monitor-command": map[string]string{"command-line": "info network"},
	} {
		r, err := h.monitor(ctx, server, command, arguments)
		if err != nil {
			return nil, err
		}
		ports = append(ports, named(r.Return)...)
	}
	slices.Sort(ports)
	return slices.Compact(ports), nil
}

// named returns the ports that an answer of the monitor names.
func named(answer json.RawMessage) (ports []string) {
	for _, m := range deviceID.FindAllSubmatch(answer, -1) {
		ports = append(ports, string(m[1]))
	}
	return ports
}
