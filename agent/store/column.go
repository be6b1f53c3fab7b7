package store

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"
)

// Times are kept as nanoseconds since 1970 in UTC, the zero time as 0.

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// A moment scans what nanos wrote.
type moment struct{ *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is %T", v)
	}
	*m.Time = time.Time{}
	if n != 0 {
		*m.Time = time.Unix(0, n).UTC()
	}
	return nil
}

// Addresses are kept as 16 bytes, IPv4 mapped into IPv6, so that they sort as
// numbers; the zero Addr as NULL.

func sortable(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	b := a.As16()
	return b[:]
}

// An address scans what sortable wrote.
type address struct{ *netip.Addr }

// Scan implements sql.Scanner.
func (a address) Scan(v any) error {
	if v == nil {
		*a.Addr = netip.Addr{}
		return nil
	}
	b, _ := v.([]byte)
	parsed, ok := netip.AddrFromSlice(b)
	if !ok {
		return fmt.Errorf("an address is %T of %d bytes", v, len(b))
	}
	*a.Addr = parsed.Unmap()
	return nil
}

// Lists, and what only Go reads, are kept as JSON.

func encoded(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// A document scans JSON.
type document struct{ into any }

// Scan implements sql.Scanner.
func (d document) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a document is %T", v)
	}
	return json.Unmarshal([]byte(s), d.into)
}
