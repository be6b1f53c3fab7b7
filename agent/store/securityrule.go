package store

import (
	"database/sql"
	"net/netip"

	"vifd/vif"
)

const ruleColumns = `SELECT id, description, direction, version, protocol, first, last,
	coalesce(remote_prefix, ''), coalesce(remote_group, ''), created FROM security_rule `

func scanRule(r row) (s vif.SecurityRule, err error) {
	var first, last sql.NullInt64
	var prefix string
	if err := r.Scan(&s.ID, &s.Description, &s.Direction, &s.Version, &s.Protocol, &first, &last,
		&prefix, &s.RemoteGroup, moment{&s.Created}); err != nil {
		return s, err
	}
	s.First, s.Last = number(first), number(last)
	if prefix != "" {
		s.RemotePrefix, err = netip.ParsePrefix(prefix)
	}
	return s, err
}

func number(n sql.NullInt64) *int {
	if !n.Valid {
		return nil
	}
	return new(int(n.Int64))
}

func (tx *Tx) rulesOf(group string) ([]vif.SecurityRule, error) {
	return all(tx, scanRule, ruleColumns+`WHERE security_group = ? ORDER BY created, version, id`, group)
}

// GroupOf returns the security group that has the rule, with its rules.
func (tx *Tx) GroupOf(rule string) (vif.SecurityGroup, error) {
	id, err := one(tx, func(r row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT security_group FROM security_rule WHERE id = ?`, rule)
	if err != nil {
		return vif.SecurityGroup{}, err
	}
	return tx.SecurityGroup(id)
}

// AddSecurityRule gives the group one more rule. One that lets pass what another of
// the group's does is vif.InUse, and one whose remote group is not there vif.NotFound.
func (tx *Tx) AddSecurityRule(group string, r vif.SecurityRule) error {
	n, known := r.Number()
	if !known {
		return vif.Invalid.Because("%q is no protocol.", r.Protocol)
	}
	var prefix, remote any
	if r.RemotePrefix.IsValid() {
		prefix = r.RemotePrefix.String()
	}
	if r.RemoteGroup != "" {
		remote = r.RemoteGroup
	}
	_, err := tx.exec(`INSERT INTO security_rule (id, security_group, description, direction, version, protocol, number,
			first, last, remote_prefix, remote_group, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, group, r.Description, string(r.Direction), r.Version, r.Protocol, n, r.First, r.Last, prefix, remote, nanos(r.Created))
	return conflict(err, claim{"security_rule_says", "Security group rule already exists."})
}

// DropSecurityRule deletes the rule, if it is there.
func (tx *Tx) DropSecurityRule(id string) error {
	_, err := tx.exec(`DELETE FROM security_rule WHERE id = ?`, id)
	return err
}

// Members returns the addresses of the ports that have the group, in order.
func (tx *Tx) Members(group string) ([]netip.Addr, error) {
	return all(tx, func(r row) (a netip.Addr, err error) {
		err = r.Scan(address{&a})
		return a, err
	}, `SELECT DISTINCT fixed_ip.address FROM port_group JOIN fixed_ip ON fixed_ip.port = port_group.port
		WHERE port_group.security_group = ? ORDER BY fixed_ip.address`, group)
}
