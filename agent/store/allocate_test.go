package store

import (
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"vifd/vif"
)

func pool(first, last string) vif.Pool {
	return vif.Pool{Start: netip.MustParseAddr(first), End: netip.MustParseAddr(last)}
}

func TestFreeAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		pools   []vif.Pool
		taken   []string
		resting []string
		want    []string // in a row; "" is Exhausted
	}{
		{"all free, round and round", []vif.Pool{pool("10.0.0.2", "10.0.0.4")}, nil, nil,
			[]string{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.2"}},
		{"skips what is taken or rests", []vif.Pool{pool("10.0.0.2", "10.0.0.9")}, []string{"10.0.0.2", "10.0.0.4"}, []string{"10.0.0.3", "10.0.0.6"},
			[]string{"10.0.0.5", "10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.5"}},
		{"one left", []vif.Pool{pool("10.0.0.2", "10.0.0.3")}, []string{"10.0.0.2"}, nil, []string{"10.0.0.3", "10.0.0.3"}},
		{"none left", []vif.Pool{pool("10.0.0.2", "10.0.0.3")}, []string{"10.0.0.2"}, []string{"10.0.0.3"}, []string{""}},
		{"no pools", nil, nil, nil, []string{""}},
		{"pools out of order", []vif.Pool{pool("10.0.0.8", "10.0.0.9"), pool("10.0.0.2", "10.0.0.3")}, nil, nil,
			[]string{"10.0.0.2", "10.0.0.3", "10.0.0.8", "10.0.0.9", "10.0.0.2"}},
		{"the end of IPv4", []vif.Pool{pool("255.255.255.254", "255.255.255.255")}, []string{"255.255.255.254"}, nil,
			[]string{"255.255.255.255", "255.255.255.255"}},
		{"IPv6 beside IPv4", []vif.Pool{pool("fd00::1", "fd00::2")}, []string{"10.0.0.1"}, nil, []string{"fd00::1", "fd00::2", "fd00::1"}},
		{"a whole /64", []vif.Pool{pool("fd00::1", "fd00::ffff:ffff:ffff:ffff")}, []string{"fd00::1"}, nil, []string{"fd00::2", "fd00::3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			sub := vif.Subnet{ID: "s", Network: "n1", CIDR: netip.MustParsePrefix("10.0.0.0/8"), Pools: tt.pools}
			p := vif.Port{ID: "p", Network: "n1", MAC: "m"}
			for _, a := range tt.taken {
				p.FixedIPs = append(p.FixedIPs, vif.FixedIP{Subnet: "s", Address: netip.MustParseAddr(a)})
			}
			update(t, s, func(tx *Tx) error { return tx.PutNetwork(network) })
			update(t, s, func(tx *Tx) error { return tx.PutSubnet(sub) })
			update(t, s, func(tx *Tx) error { return tx.PutPort(p) })
			for _, a := range tt.resting {
				update(t, s, func(tx *Tx) error { return tx.Quarantine("n1", netip.MustParseAddr(a), "", day) })
			}
			for _, want := range tt.want {
				got := ""
				err := s.Update(t.Context(), func(tx *Tx) error {
					a, err := tx.FreeAddress(sub)
					if err == nil {
						got = a.String()
					}
					return err
				})
				if got != want || want == "" && vif.KindOf(err) != vif.Exhausted {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
}

// Quarantine ends after its time, and a clock that was set back does not make
// it longer than that.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	a := netip.MustParseAddr("10.20.0.3")
	resting := func() (found bool) {
		update(t, s, func(tx *Tx) (err error) { _, found, err = tx.Quarantined("n1", a); return err })
		return found
	}
	update(t, s, func(tx *Tx) error { return tx.PutNetwork(network) })
	update(t, s, func(tx *Tx) error { return tx.Quarantine("n1", a, "p", day) })
	for _, tt := range []struct {
		what string
		now  time.Time
		want bool
	}{
		{"at once", day, true},
		{"set back a year", day.AddDate(-1, 0, 0), true},
		{"nearly a minute after that", day.AddDate(-1, 0, 0).Add(time.Minute - 1), true},
		{"a minute after that", day.AddDate(-1, 0, 0).Add(time.Minute), false},
	} {
		update(t, s, func(tx *Tx) error { return tx.DateQuarantine(tt.now) })
		update(t, s, func(tx *Tx) error { return tx.EndQuarantine(tt.now.Add(-time.Minute)) })
		if got := resting(); got != tt.want {
			t.Errorf("%s: resting = %t", tt.what, got)
		}
	}
}

func TestFreeOFPort(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	next := func() (n int, err error) {
		err = s.Update(t.Context(), func(tx *Tx) (err error) { n, err = tx.FreeOFPort("br-int"); return err })
		return n, err
	}
	taken := func(n int) {
		a := attachment
		a.NIC.Port.ID, a.NIC.Tap, a.NIC.OFPort = strconv.Itoa(n), strconv.Itoa(n), n
		update(t, s, func(tx *Tx) error { return tx.PutAttachment(a) })
	}
	taken(FirstOFPort)
	taken(FirstOFPort + 2)
	elsewhere := attachment
	elsewhere.NIC.Port.ID, elsewhere.NIC.Tap, elsewhere.NIC.OFPort, elsewhere.NIC.Port.Segment.Bridge = "e", "e", FirstOFPort+5, "br-ex"
	update(t, s, func(tx *Tx) error { return tx.PutAttachment(elsewhere) })
	var got []int
	for _, jump := range []string{"", "", "", "", strconv.Itoa(LastOFPort - 1), "", ""} {
		if jump != "" {
			update(t, s, func(tx *Tx) error { return tx.PutMeta("ofport br-int", jump) })
		}
		n, err := next()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	want := []int{FirstOFPort + 1, FirstOFPort + 3, FirstOFPort + 4, FirstOFPort + 6, LastOFPort, FirstOFPort + 1, FirstOFPort + 3}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, tt := range []struct{ first, last, want int }{
		{FirstOFPort, FirstOFPort, 0}, {FirstOFPort, FirstOFPort + 1, FirstOFPort + 1},
		{FirstOFPort + 2, FirstOFPort + 2, 0}, {FirstOFPort, FirstOFPort - 1, 0},
	} {
		update(t, s, func(tx *Tx) error {
			n, err := tx.freeNumber(tt.first, tt.last)
			if n != tt.want {
				t.Errorf("free from %d to %d: %d, want %d", tt.first, tt.last, n, tt.want)
			}
			return err
		})
	}
}
