package store

import (
	"fmt"
	"net/netip"

	"vifd/vif"
)

const subnetColumns = `SELECT id, name, project, network, cidr, gateway, pools, dns, dhcp, created, updated FROM subnet `

func scanSubnet(r row) (s vif.Subnet, err error) {
	var cidr string
	if err := r.Scan(&s.ID, &s.Name, &s.Project, &s.Network, &cidr, address{&s.Gateway},
		document{&s.Pools}, document{&s.DNS}, &s.DHCP, moment{&s.Created}, moment{&s.Updated}); err != nil {
		return s, err
	}
	s.NoGateway = !s.Gateway.IsValid()
	s.CIDR, err = netip.ParsePrefix(cidr)
	return s, err
}

// Subnets returns all subnets, oldest first.
func (tx *Tx) Subnets() ([]vif.Subnet, error) {
	return all(tx, scanSubnet, subnetColumns+`ORDER BY created, id`)
}

// SubnetsOf returns the subnets of a network, oldest first.
func (tx *Tx) SubnetsOf(network string) ([]vif.Subnet, error) {
	return all(tx, scanSubnet, subnetColumns+`WHERE network = ? ORDER BY created, id`, network)
}

// Subnet returns the subnet with the ID.
func (tx *Tx) Subnet(id string) (vif.Subnet, error) {
	return one(tx, scanSubnet, subnetColumns+`WHERE id = ?`, id)
}

// PutSubnet keeps s in place of what has its ID.
func (tx *Tx) PutSubnet(s vif.Subnet) error {
	pools, err := encoded(s.Pools)
	if err != nil {
		return err
	}
	dns, err := encoded(s.DNS)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO subnet (id, name, project, network, cidr, gateway,
			pools, dns, dhcp, last, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, project = excluded.project, network = excluded.network,
			cidr = excluded.cidr, gateway = excluded.gateway, pools = excluded.pools, dns = excluded.dns,
			dhcp = excluded.dhcp, updated = excluded.updated`,
		s.ID, s.Name, s.Project, s.Network, s.CIDR.String(), sortable(s.Gateway), pools, dns, s.DHCP,
		nanos(s.Created), nanos(s.Updated))
	return conflict(err, claim{"subnet.network, subnet.cidr", fmt.Sprintf("Network %s has the subnet %s already.", s.Network, s.CIDR)})
}

// DropSubnet deletes the subnet, if it is there. One that ports have addresses
// of is vif.InUse.
func (tx *Tx) DropSubnet(id string) error {
	_, err := tx.exec(`DELETE FROM subnet WHERE id = ?`, id)
	return still(err, "Unable to complete operation on subnet %s: "+
		"One or more ports have an IP allocation from this subnet.", id)
}
