package store

import (
	"net/netip"
	"slices"

	"vifd/vif"
)

// FreeAddress returns an address of s's pools that no port has and that is not
// in quarantine, or vif.Exhausted. It is kept for nobody until PutPort.
//
// It is the next one after the one that FreeAddress returned last: an address
// that was given back is the last to be given again, so that what the
// neighbours remember of it has long been forgotten; and the search is short,
// however many addresses are taken.
func (tx *Tx) FreeAddress(s vif.Subnet) (netip.Addr, error) {
	last, err := tx.lastAddress(s.ID)
	if err != nil {
		return last, err
	}
	for _, p := range rotated(s.Pools, last) {
		a, err := tx.gap(s.Network, p)
		if err != nil {
			return a, err
		}
		if a.IsValid() {
			_, err := tx.exec(`UPDATE subnet SET last = ? WHERE id = ?`, sortable(a), s.ID)
			return a, err
		}
	}
	return netip.Addr{}, vif.Exhausted
}

func (tx *Tx) lastAddress(subnet string) (netip.Addr, error) {
	return one(tx, func(r row) (a netip.Addr, err error) {
		err = r.Scan(address{&a})
		return a, err
	}, `SELECT last FROM subnet WHERE id = ?`, subnet)
}

// rotated returns the pools in order, such that what follows last is first.
func rotated(pools []vif.Pool, last netip.Addr) []vif.Pool {
	var after, before []vif.Pool
	sorted := slices.SortedFunc(slices.Values(pools), func(p, q vif.Pool) int { return p.Start.Compare(q.Start) })
	for _, p := range sorted {
		switch {
		case !last.IsValid() || last.Less(p.Start):
			after = append(after, p)
		case last.Less(p.End):
			after = append(after, vif.Pool{Start: last.Next(), End: p.End})
			before = append(before, vif.Pool{Start: p.Start, End: last})
		default:
			before = append(before, p)
		}
	}
	return append(after, before...)
}

// gap returns the lowest address of p that is free, or the zero Addr. It reads
// what is taken in order, as far as there is no gap.
func (tx *Tx) gap(network string, p vif.Pool) (netip.Addr, error) {
	next := p.Start
	err := tx.each(func(r row) (bool, error) {
		var taken netip.Addr
		if err := r.Scan(address{&taken}); err != nil || taken != next {
			return false, err
		}
		next = next.Next()
		return true, nil
	}, `SELECT address FROM fixed_ip WHERE network = ?1 AND address BETWEEN ?2 AND ?3
		UNION SELECT address FROM quarantine WHERE network = ?1 AND address BETWEEN ?2 AND ?3
		ORDER BY address`, network, sortable(p.Start), sortable(p.End))
	if err != nil || !next.IsValid() || p.End.Less(next) {
		return netip.Addr{}, err
	}
	return next, nil
}
