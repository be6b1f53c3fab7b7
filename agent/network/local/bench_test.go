package local

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"vifd/agent/store"
	"vifd/vif"
)

// BenchmarkClaim is a claim on a network with IPv4 and IPv6, and its release,
// with so many ports there already.
func BenchmarkClaim(b *testing.B) {
	for _, ports := range []int{0, 1000} {
		b.Run(fmt.Sprint(ports, " ports"), func(b *testing.B) {
			s, err := store.Open(b.Context(), b.TempDir(), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			l := New(s, "h1", Defaults{Quarantine: DefaultQuarantine})
			n, err := l.CreateNetwork(b.Context(), vif.Network{AdminUp: true})
			if err != nil {
				b.Fatal(err)
			}
			for _, cidr := range []string{"10.0.0.0/16", "fd00::/64"} {
				if _, err := l.CreateSubnet(b.Context(), subnetOf(n.ID, cidr)); err != nil {
					b.Fatal(err)
				}
			}
			r := vif.Request{Server: "vm", Network: n.ID, Caller: vif.Caller{Admin: true}}
			for range ports {
				if _, err := l.Claim(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
			var claims, releases time.Duration
			for b.Loop() {
				start := time.Now()
				p, err := l.Claim(b.Context(), r)
				claims += time.Since(start)
				if err != nil {
					b.Fatal(err)
				}
				start = time.Now()
				if err := l.Release(b.Context(), p); err != nil {
					b.Fatal(err)
				}
				releases += time.Since(start)
			}
			b.ReportMetric(claims.Seconds()*1000/float64(b.N), "ms/claim")
			b.ReportMetric(releases.Seconds()*1000/float64(b.N), "ms/release")
		})
	}
}
