package store

// A Stamp changes whenever an attachment of a server does.
type Stamp struct{ Count, Gens, Updated int64 }

// Stamps returns the stamp of each server that has attachments.
func (tx *Tx) Stamps() (map[string]Stamp, error) {
	stamps := map[string]Stamp{}
	err := tx.each(func(r row) (bool, error) {
		var server string
		var s Stamp
		err := r.Scan(&server, &s.Count, &s.Gens, &s.Updated)
		stamps[server] = s
		return true, err
	}, `SELECT server, count(*), sum(gen), max(updated) FROM attachment GROUP BY server`)
	return stamps, err
}
