package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/test/testcerts"
	"vifd/test/wait"
)

// Whatever hostile clients do, who is there already is served about as fast as
// without them, and when they have gone vifd holds no more memory than before.
func TestHostileClients(t *testing.T) {
	clean(t)
	configured(t, impatient)
	ask := honest(t, &http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return bySocket() },
	}}, "http://vifd", "")
	ask(time.Second)
	before := resident(t)
	for _, h := range hostile {
		if !strings.HasPrefix(h.name, "TLS") {
			t.Run(h.name, func(t *testing.T) { servedAsBefore(t, ask, h.name) })
		}
	}
	wait.Until(t, patience, func() string {
		if now := resident(t); now > before+64<<10 {
			return fmt.Sprintf("vifd has %d MiB, had %d", now>>10, before>>10)
		}
		return ""
	})
	takeOut(t, host.Guest("g1"), servesAgain(t, host.Guest("g1")).Port)
}

// Nor do those who come by TLS and take their time: for their handshake, or for
// what they have to say.
func TestHostileClientsByTLS(t *testing.T) {
	clean(t)
	ca := testcerts.New(t)
	doored(t, ca, t.TempDir(), impatient)
	token := ok(t, "token", "create", "honest", "--role", "reader", "-o", "name")
	t.Cleanup(func() { vifd(t, "token", "revoke", "honest") })
	ask := honest(t, callerOf(ca, token).http, door, token)
	ask(time.Second)
	for _, h := range hostile {
		if strings.HasPrefix(h.name, "TLS") {
			t.Run(h.name, func(t *testing.T) { servedAsBefore(t, ask, h.name) })
		}
	}
}

const impatient = "[limits]\nheader_time = \"2s\"\nbody_time = \"2s\"\nidle_time = \"5s\"\n"

// servedAsBefore besieges vifd, and wants the slowest hundredth of requests to
// take less than twice of what it takes in peace. Peace has its noise: each is
// looked at for several seconds, and what is compared is the middle one of the
// siege with the worst of peace, before and after it.
func servedAsBefore(t *testing.T, ask func(time.Duration) time.Duration, name string) {
	t.Helper()
	calm := rounds(ask, 3)
	var under []time.Duration
	came := besieged(t, name, func() { under = rounds(ask, 5) })
	calm = append(calm, rounds(ask, 3)...)
	slices.Sort(under)
	if middle := under[len(under)/2]; middle > 2*slices.Max(calm) {
		t.Errorf("one request of 100 takes %v, more than twice of what it takes in peace", middle)
	}
	t.Logf("one request of 100 takes %v under siege, %v in peace; they came %d times", under, calm, came)
}

func rounds(ask func(time.Duration) time.Duration, many int) (slowest []time.Duration) {
	for range many {
		slowest = append(slowest, ask(time.Second))
	}
	return slowest
}

// honest returns a client that keeps its connection. It asks again and again for
// so long, and tells the time of all but the slowest hundredth.
func honest(t *testing.T, client *http.Client, base, token string) func(long time.Duration) time.Duration {
	t.Cleanup(client.CloseIdleConnections)
	return func(long time.Duration) time.Duration {
		var took []time.Duration
		for begin := time.Now(); took == nil || time.Since(begin) < long; {
			r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/v2.0/networks", nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				r.Header.Set("X-Auth-Token", token)
			}
			start := time.Now()
			got, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, got.Body); err != nil || got.StatusCode != http.StatusOK {
				t.Fatalf("answered %s, %v", got.Status, err)
			}
			got.Body.Close()
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
}
