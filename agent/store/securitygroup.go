package store

import (
	"fmt"
	"time"

	"vifd/vif"
)

const groupColumns = `SELECT id, name, description, project, created, updated FROM security_group `

func scanGroup(r row) (g vif.SecurityGroup, err error) {
	err = r.Scan(&g.ID, &g.Name, &g.Description, &g.Project, moment{&g.Created}, moment{&g.Updated})
	return g, err
}

// SecurityGroups returns all security groups with their rules, oldest first.
func (tx *Tx) SecurityGroups() ([]vif.SecurityGroup, error) {
	groups, err := all(tx, scanGroup, groupColumns+`ORDER BY created, id`)
	for i := range groups {
		if err == nil {
			groups[i].Rules, err = tx.rulesOf(groups[i].ID)
		}
	}
	return groups, err
}

// SecurityGroup returns the security group with the ID, with its rules.
func (tx *Tx) SecurityGroup(id string) (vif.SecurityGroup, error) {
	g, err := one(tx, scanGroup, groupColumns+`WHERE id = ?`, id)
	if err == nil {
		g.Rules, err = tx.rulesOf(id)
	}
	return g, err
}

// PutSecurityGroup keeps g, with its rules and no others, in place of what has its
// ID. A rule whose remote group is not there is vif.NotFound.
func (tx *Tx) PutSecurityGroup(g vif.SecurityGroup) error {
	_, err := tx.exec(`INSERT INTO security_group (id, name, description, project, created, updated) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
			project = excluded.project, updated = excluded.updated`,
		g.ID, g.Name, g.Description, g.Project, nanos(g.Created), nanos(g.Updated))
	if err != nil {
		return conflict(err)
	}
	if _, err := tx.exec(`DELETE FROM security_rule WHERE security_group = ?`, g.ID); err != nil {
		return err
	}
	for _, r := range g.Rules {
		if err := tx.AddSecurityRule(g.ID, r); err != nil {
			return err
		}
	}
	return nil
}

// DropSecurityGroup deletes the group with its rules, and those of others that it
// is the remote group of, which count as changed then. One that ports have is vif.InUse.
func (tx *Tx) DropSecurityGroup(id string, now time.Time) error {
	_, err := tx.exec(`UPDATE security_group SET updated = ? WHERE id IN (
		SELECT security_group FROM security_rule WHERE remote_group = ?)`, nanos(now), id)
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM security_group WHERE id = ?`, id)
	return still(err, "Security Group %s in use.", id)
}

func (tx *Tx) putGroups(p vif.Port) error {
	if _, err := tx.exec(`DELETE FROM port_group WHERE port = ?`, p.ID); err != nil {
		return err
	}
	for _, g := range p.Groups {
		if _, err := tx.exec(`INSERT OR IGNORE INTO port_group (port, security_group) VALUES (?, ?)`, p.ID, g); err != nil {
			return fmt.Errorf("security group %s: %w", g, conflict(err))
		}
	}
	return nil
}
