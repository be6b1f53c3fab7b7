package e2e

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Clients that say half of what they have to say, or read nothing of what they
// are told, are let go of, and hold up nobody meanwhile.
func TestSlowClients(t *testing.T) {
	clean(t)
	configured(t, "[limits]\nheader_time = \"2s\"\nbody_time = \"2s\"\nidle_time = \"2s\"\n")
	var slow []net.Conn
	for _, text := range []string{
		"",
		"POST /v2.1/ser",
		"GET / HTTP/1.1\r\nHost: vifd\r\nX-Slow: ",
		"POST /v2.1/servers/x/os-interface HTTP/1.1\r\nHost: vifd\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"POST /v2.1/servers/x/os-interface HTTP/1.1\r\nHost: vifd\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
		"GET / HTTP/1.1\r\nHost: vifd\r\n\r\n",
	} {
		for range 20 {
			slow = append(slow, half(t, text))
		}
	}
	start := time.Now()
	ask(t, "GET", "/v2.1/servers", "").is(t, 200)
	detach(t, host.Guest("g1"), attach(t, host.Guest("g1"), blue).Port)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("others had to wait for %v", took)
	}
	for i, c := range slow {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("client %d was not let go of: %v", i, err)
		}
	}
}

// half opens a connection and writes the beginning of a request.
func half(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", host.Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}
