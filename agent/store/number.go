package store

import (
	"strconv"

	"vifd/vif"
)

// The OpenFlow port numbers that vifd asks for: above what Open vSwitch chooses
// by itself, and below what OpenFlow 1.0 reserves.
const (
	FirstOFPort = 16384
	LastOFPort  = 32767
)

// FreeOFPort returns an OpenFlow port number for a port on the bridge that no
// attachment has, on whatever bridge: connections are tracked by it, for all of the
// host. It is the next one after that which was returned last for the bridge, so
// that a number comes back as late as it can. It is kept for nobody until
// PutAttachment.
func (tx *Tx) FreeOFPort(bridge string) (int, error) {
	key := "ofport " + bridge
	last, err := tx.number(key)
	if err != nil {
		return 0, err
	}
	start := last + 1
	if start < FirstOFPort || start > LastOFPort {
		start = FirstOFPort
	}
	n, err := tx.freeNumber(start, LastOFPort)
	if n == 0 && err == nil {
		n, err = tx.freeNumber(FirstOFPort, start-1)
	}
	if n == 0 && err == nil {
		return 0, vif.Exhausted.Because("This host has no OpenFlow port numbers left, for bridge %s or another.", bridge)
	}
	if err != nil {
		return 0, err
	}
	return n, tx.PutMeta(key, strconv.Itoa(n))
}

// freeNumber returns the lowest free number from first to last, or 0.
func (tx *Tx) freeNumber(first, last int) (int, error) {
	next := first
	err := tx.each(func(r row) (bool, error) {
		var taken int
		if err := r.Scan(&taken); err != nil || taken != next {
			return false, err
		}
		next++
		return true, nil
	}, `SELECT DISTINCT ofport FROM attachment WHERE ofport BETWEEN ? AND ? ORDER BY ofport`, first, last)
	if err != nil || next > last {
		return 0, err
	}
	return next, nil
}

// number returns a number kept as meta data, or 0.
func (tx *Tx) number(key string) (int, error) {
	text, err := tx.Meta(key)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.Atoi(text)
}
