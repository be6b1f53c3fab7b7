package e2e

import (
	"os"
	"strings"
	"testing"

	"vifd/test/testhost"
)

// expand replaces $blue and $red by the ID of the network, $blue4 and $blue6 by
// that of its subnet, and any other $NAME by the UUID of the guest.
func expand(t *testing.T, text string) string {
	t.Helper()
	if !strings.Contains(text, "$") {
		return text
	}
	return os.Expand(text, func(name string) string {
		switch strings.TrimRight(name, "46") {
		case "blue", "red":
			return networkID(t, name)
		}
		return testhost.GuestUUID(name)
	})
}

// networkID returns the ID of a network, or, with 4 or 6 behind its name, of the
// subnet of that version.
func networkID(t *testing.T, name string) string {
	t.Helper()
	network := strings.TrimRight(name, "46")
	var found struct {
		Networks []struct{ ID string }
		Subnets  []struct{ ID string }
	}
	ask(t, "GET", "/v2.0/networks?name="+network, "").is(t, 200).into(t, &found)
	if len(found.Networks) != 1 {
		t.Fatalf("there are %d networks %s", len(found.Networks), network)
	}
	if name == network {
		return found.Networks[0].ID
	}
	version := strings.TrimPrefix(name, network)
	ask(t, "GET", "/v2.0/subnets?network_id="+found.Networks[0].ID+"&ip_version="+version, "").is(t, 200).into(t, &found)
	if len(found.Subnets) != 1 {
		t.Fatalf("network %s has %d IPv%s subnets", network, len(found.Subnets), version)
	}
	return found.Subnets[0].ID
}
