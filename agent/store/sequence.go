package store

// NextGen returns a generation for an attachment: higher than each before it, and
// than each in a store that this one stands in for.
func (tx *Tx) NextGen() (int64, error) { return tx.next("generation") }

// NextClaim returns a claim number, with the same promise.
func (tx *Tx) NextClaim() (int64, error) { return tx.next("claim") }

// RaiseGen makes NextGen return more than gen, which was found on the host.
func (tx *Tx) RaiseGen(gen int64) error {
	_, err := tx.exec(`UPDATE sequence SET value = max(value, ?) WHERE name = 'generation'`, gen)
	return err
}

func (tx *Tx) next(name string) (int64, error) {
	return one(tx, func(r row) (n int64, err error) {
		err = r.Scan(&n)
		return n, err
	}, `UPDATE sequence SET value = value + 1 WHERE name = ? RETURNING value`, name)
}
