package store

// A Stamp changes whenever an attachment of a server does, or a security group that
// one of its ports has.
type Stamp struct{ Count, Gens, Updated, Groups int64 }

// Stamps returns the stamp of each server that has attachments.
func (tx *Tx) Stamps() (map[string]Stamp, error) {
	stamps := map[string]Stamp{}
	err := tx.each(func(r row) (bool, error) {
		var server string
		var s Stamp
		err := r.Scan(&server, &s.Count, &s.Gens, &s.Updated, &s.Groups)
		stamps[server] = s
		return true, err
	}, `SELECT server, count(*), sum(gen), max(updated), coalesce(max((SELECT max(security_group.updated)
			FROM port_group JOIN security_group ON security_group.id = port_group.security_group
			WHERE port_group.port = attachment.port)), 0)
		FROM attachment GROUP BY server`)
	return stamps, err
}
