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
		if err := setAside(context.Background(), "10.20.0.0/24", `[{"start": "10.20.0.2", "end": "10.20.0.239"}]`); err != nil {
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

// setAside leaves the subnet these pools to choose addresses from: what is in none of
// them the peers of the tests have, of whom vifd does not know.
func setAside(ctx context.Context, cidr, pools string) error {
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
	for _, s := range list.Subnets {
		if s.CIDR == cidr {
			a, err = send(ctx, "PUT", "/v2.0/subnets/"+s.ID, `{"subnet": {"allocation_pools": `+pools+`}}`)
			if err == nil && a.Status != http.StatusOK {
				err = fmt.Errorf("pools of %s: %s", cidr, a.Body)
			}
			return err
		}
	}
	return fmt.Errorf("no subnet %s in %s", cidr, a.Body)
}
