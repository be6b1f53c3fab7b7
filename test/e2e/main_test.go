// Package e2e drives the built vifd on a whole host, by its socket and by its
// command line, and looks with ip, ovs-vsctl and virsh at what became of it.
// After each test nothing may be left on the host.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"

	"vifd/test/testhost"
)

// host is where all tests run, one after the other. Its guest g2 has two CPUs.
var host *testhost.Host

func TestMain(m *testing.M) {
	if name := os.Getenv(besiegeKey); name != "" {
		os.Exit(besiege(name))
	}
	whole := testhost.Whole()
	whole.Guests = []testhost.Guest{{Name: "g1"}, {Name: "g2", VCPUs: 2}}
	status, err := testhost.Within(whole, func(h *testhost.Host) int {
		host = h
		if err := setAside(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		return m.Run()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "testhost:", err)
	}
	os.Exit(status)
}

// pools are what vifd chooses addresses of blue from, by subnet. What is in none of them
// the tests may give to a peer, or have a guest use that has no right to it.
var pools = map[string]string{
	"10.20.0.0/24": `{"start": "10.20.0.2", "end": "10.20.0.239"}`,
	"fd00:20::/64": `{"start": "fd00:20::2", "end": "fd00:20::23f"}`,
}

// setAside gives the subnets their pools.
func setAside(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	a, err := send(ctx, "GET", "/v2.0/subnets", "")
	if err != nil {
		return err
	}
	var list struct{ Subnets []struct{ ID, CIDR string } }
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil {
		return err
	}
	set := 0
	for _, s := range list.Subnets {
		if pool, ok := pools[s.CIDR]; ok {
			a, err := send(ctx, "PUT", "/v2.0/subnets/"+s.ID, `{"subnet": {"allocation_pools": [`+pool+`]}}`)
			if err != nil || a.Status != http.StatusOK {
				return fmt.Errorf("the pool of %s: %v, %s", s.CIDR, err, a.Body)
			}
			set++
		}
	}
	if set != len(pools) {
		return fmt.Errorf("not all of %v are among %s", pools, a.Body)
	}
	return nil
}
