package store

import (
	"fmt"

	"vifd/vif"
)

const networkColumns = `SELECT id, name, project, bridge, vlan, mtu, shared, admin_up, secure, created, updated FROM network `

func scanNetwork(r row) (n vif.Network, err error) {
	err = r.Scan(&n.ID, &n.Name, &n.Project, &n.Segment.Bridge, &n.Segment.VLAN, &n.MTU,
		&n.Shared, &n.AdminUp, &n.Secure, moment{&n.Created}, moment{&n.Updated})
	return n, err
}

// Networks returns all networks, oldest first.
func (tx *Tx) Networks() ([]vif.Network, error) {
	return all(tx, scanNetwork, networkColumns+`ORDER BY created, id`)
}

// Network returns the network with the ID.
func (tx *Tx) Network(id string) (vif.Network, error) {
	return one(tx, scanNetwork, networkColumns+`WHERE id = ?`, id)
}

// PutNetwork keeps n in place of what has its ID. No two networks have the same
// segment.
func (tx *Tx) PutNetwork(n vif.Network) error {
	_, err := tx.exec(`INSERT INTO network (id, name, project, bridge, vlan, mtu,
			shared, admin_up, secure, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, project = excluded.project,
			bridge = excluded.bridge, vlan = excluded.vlan, mtu = excluded.mtu, shared = excluded.shared,
			admin_up = excluded.admin_up, secure = excluded.secure, updated = excluded.updated`,
		n.ID, n.Name, n.Project, n.Segment.Bridge, n.Segment.VLAN, n.MTU, n.Shared, n.AdminUp, n.Secure,
		nanos(n.Created), nanos(n.Updated))
	return conflict(err, claim{"network.bridge, network.vlan", segmentTaken(n.Segment)})
}

func segmentTaken(s vif.Segment) string {
	if s.VLAN == 0 {
		return fmt.Sprintf("Bridge %s has a flat network already.", s.Bridge)
	}
	return fmt.Sprintf("VLAN %d on bridge %s is already in use by another network.", s.VLAN, s.Bridge)
}

// DropNetwork deletes the network, if it is there. One with subnets or ports is
// vif.InUse.
func (tx *Tx) DropNetwork(id string) error {
	_, err := tx.exec(`DELETE FROM network WHERE id = ?`, id)
	return still(err, "Network %s has subnets or ports.", id)
}
