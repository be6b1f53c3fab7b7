package store

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"vifd/vif"
)

// A port's MTU and segment are its network's, its addresses come as one text,
// "subnet hex,subnet hex", and so do its groups. What passes is not kept: it follows
// from the groups.
const portColumns = `SELECT port.id, port.name, port.project, port.network, mac, mtu, bridge, vlan, port.secure,
		port.admin_up, device, device_owner, host, claim, ephemeral, port.created, port.updated,
		(SELECT coalesce(group_concat(subnet || ' ' || hex(address), ',' ORDER BY place), '') FROM fixed_ip WHERE port = port.id),
		(SELECT coalesce(group_concat(security_group, ',' ORDER BY security_group), '') FROM port_group WHERE port = port.id)
	FROM port JOIN network ON network.id = port.network `

const oldestPort = ` ORDER BY port.created, port.id`

func scanPort(r row) (p vif.Port, err error) {
	var fixed, groups string
	if err := r.Scan(&p.ID, &p.Name, &p.Project, &p.Network, &p.MAC, &p.MTU, &p.Segment.Bridge, &p.Segment.VLAN, &p.Secure,
		&p.AdminUp, &p.Device, &p.DeviceOwner, &p.Host, &p.Claim, &p.Ephemeral, moment{&p.Created}, moment{&p.Updated}, &fixed, &groups); err != nil {
		return p, err
	}
	if groups != "" {
		p.Groups = strings.Split(groups, ",")
	}
	p.FixedIPs, err = parseFixed(fixed)
	return p, err
}

func parseFixed(text string) ([]vif.FixedIP, error) {
	if text == "" {
		return nil, nil
	}
	var found []vif.FixedIP
	for one := range strings.SplitSeq(text, ",") {
		subnet, digits, _ := strings.Cut(one, " ")
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, err
		}
		f := vif.FixedIP{Subnet: subnet}
		if err := (address{&f.Address}).Scan(b); err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// Ports returns all ports, oldest first.
func (tx *Tx) Ports() ([]vif.Port, error) { return all(tx, scanPort, portColumns+oldestPort) }

// PortsOn returns the ports of a network, oldest first.
func (tx *Tx) PortsOn(network string) ([]vif.Port, error) {
	return all(tx, scanPort, portColumns+`WHERE port.network = ?`+oldestPort, network)
}

// PortsAt returns the ports that are bound to a host, oldest first.
func (tx *Tx) PortsAt(host string) ([]vif.Port, error) {
	return all(tx, scanPort, portColumns+`WHERE host = ?`+oldestPort, host)
}

// Port returns the port with the ID.
func (tx *Tx) Port(id string) (vif.Port, error) {
	return one(tx, scanPort, portColumns+`WHERE port.id = ?`, id)
}

// PutPort keeps p, with its addresses and groups, in place of what has its ID. On one
// network no two ports have the same MAC or the same address.
func (tx *Tx) PutPort(p vif.Port) error {
	_, err := tx.exec(`INSERT INTO port (id, name, project, network, mac, secure, admin_up,
			device, device_owner, host, claim, ephemeral, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, project = excluded.project, mac = excluded.mac,
			secure = excluded.secure, admin_up = excluded.admin_up, device = excluded.device,
			device_owner = excluded.device_owner, host = excluded.host, claim = excluded.claim,
			ephemeral = excluded.ephemeral, updated = excluded.updated`,
		p.ID, p.Name, p.Project, p.Network, p.MAC, p.Secure, p.AdminUp, p.Device, p.DeviceOwner, p.Host,
		p.Claim, p.Ephemeral, nanos(p.Created), nanos(p.Updated))
	if err != nil {
		return conflict(err, claim{"port.network, port.mac", fmt.Sprintf("MAC address %s is already in use on network %s.", p.MAC, p.Network)})
	}
	if err := tx.putFixed(p); err != nil {
		return err
	}
	return tx.putGroups(p)
}

func (tx *Tx) putFixed(p vif.Port) error {
	if _, err := tx.exec(`DELETE FROM fixed_ip WHERE port = ?`, p.ID); err != nil {
		return err
	}
	for place, f := range p.FixedIPs {
		_, err := tx.exec(`INSERT INTO fixed_ip (network, address, subnet, port, place) VALUES (?, ?, ?, ?, ?)`, p.Network, sortable(f.Address), f.Subnet, p.ID, place)
		if err != nil {
			return conflict(err, claim{"fixed_ip.network, fixed_ip.address", addressTaken(f.Address)})
		}
	}
	return nil
}

func addressTaken(a netip.Addr) string { return fmt.Sprintf("Fixed IP %s is already in use.", a) }

// DropPort deletes the port and its addresses, if it is there.
func (tx *Tx) DropPort(id string) error {
	_, err := tx.exec(`DELETE FROM port WHERE id = ?`, id)
	return err
}

// HasMAC tells whether a port on the network has the MAC.
func (tx *Tx) HasMAC(network, mac string) (found bool, err error) {
	err = tx.each(func(row) (bool, error) {
		found = true
		return false, nil
	}, `SELECT 1 FROM port WHERE network = ? AND mac = ?`, network, mac)
	return found, err
}

// PortWith returns the ID of the port that has the address on the network.
func (tx *Tx) PortWith(network string, a netip.Addr) (id string, found bool, err error) {
	err = tx.each(func(r row) (bool, error) {
		found = true
		return false, r.Scan(&id)
	}, `SELECT port FROM fixed_ip WHERE network = ? AND address = ?`, network, sortable(a))
	return id, found, err
}
