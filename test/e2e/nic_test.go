package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// A nic is an interface as the Compute API says it.
type nic struct {
	Net   string    `json:"net_id"`
	Port  string    `json:"port_id"`
	MAC   string    `json:"mac_addr"`
	State string    `json:"port_state"`
	IPs   []fixedIP `json:"fixed_ips"`
	Tag   *string   `json:"tag"`
}

type fixedIP struct {
	Subnet  string     `json:"subnet_id"`
	Address netip.Addr `json:"ip_address"`
}

// ip returns the NIC's address of that version, or the zero Addr.
func (n nic) ip(version int) netip.Addr {
	for _, f := range n.IPs {
		if f.Address.Is4() == (version == 4) {
			return f.Address
		}
	}
	return netip.Addr{}
}

// tag returns the NIC's tag, or "".
func (n nic) tag() string {
	if n.Tag == nil {
		return ""
	}
	return *n.Tag
}

const (
	tagged = "OpenStack-API-Version: compute 2.49" // takes a tag
	shown  = "OpenStack-API-Version: compute 2.70" // and shows it
)

func interfaces(g *testhost.Running) string { return "/v2.1/servers/" + g.UUID + "/os-interface" }

// attach asks for a NIC with body as the interfaceAttachment, and has it taken
// out again at the end of the test.
func attach(t *testing.T, g *testhost.Running, body string) nic {
	t.Helper()
	return attached(t, g, ask(t, "POST", interfaces(g), `{"interfaceAttachment": `+body+`}`, shown))
}

// attached returns the NIC of an answer, which has to be 200 and ACTIVE.
func attached(t *testing.T, g *testhost.Running, a answer) nic {
	t.Helper()
	n := nicOf(t, a.is(t, 200))
	t.Cleanup(func() { takeOut(t, g, n.Port) })
	if n.State != "ACTIVE" {
		t.Errorf("answered %s, want a NIC that is ACTIVE", a.Body)
	}
	return n
}

// nicOf returns the NIC of an answer.
func nicOf(t *testing.T, a answer) nic {
	t.Helper()
	var said struct{ InterfaceAttachment nic }
	a.into(t, &said)
	return said.InterfaceAttachment
}

// takeOut detaches a port that may be detached already, and waits for the end.
func takeOut(t *testing.T, g *testhost.Running, port string) {
	t.Helper()
	why := wait.For(2*patience, func() string {
		a, err := send(context.WithoutCancel(t.Context()), "DELETE", interfaces(g)+"/"+port, "")
		switch {
		case err != nil:
			return err.Error()
		case a.Status == 404:
			return ""
		}
		return fmt.Sprint(a.Status, a.Body)
	})
	if why != "" {
		t.Errorf("detach %s: %s", port, why)
	}
}

// detach asks for a port to be taken out, and waits until the API knows it no
// more.
func detach(t *testing.T, g *testhost.Running, port string) {
	t.Helper()
	ask(t, "DELETE", interfaces(g)+"/"+port, "").is(t, 202)
	gone(t, g, port)
}

// gone waits until the server does not have the port any more.
func gone(t *testing.T, g *testhost.Running, port string) {
	t.Helper()
	wait.Until(t, 2*patience, func() string {
		if a := ask(t, "GET", interfaces(g)+"/"+port, ""); a.Status != 404 {
			return a.Body
		}
		return ""
	})
}

// state returns what the API says of the port's state.
func state(t *testing.T, g *testhost.Running, port string) string {
	t.Helper()
	return nicOf(t, ask(t, "GET", interfaces(g)+"/"+port, "").is(t, 200)).State
}

// becomes waits until the API says that the port has that state.
func becomes(t *testing.T, g *testhost.Running, port, want string) {
	t.Helper()
	wait.Until(t, patience, func() string {
		if got := state(t, g, port); got != want {
			return got + ", want " + want
		}
		return ""
	})
}

// createPort makes a port, and has it deleted at the end of the test.
func createPort(t *testing.T, body string) (id, mac string) {
	t.Helper()
	var made struct {
		Port struct {
			ID  string
			MAC string `json:"mac_address"`
		}
	}
	ask(t, "POST", "/v2.0/ports", `{"port": `+body+`}`).is(t, 201).into(t, &made)
	t.Cleanup(func() { drop(t, "/v2.0/ports/"+made.Port.ID) })
	return made.Port.ID, made.Port.MAC
}

// drop deletes a resource that may be deleted already.
func drop(t *testing.T, path string) {
	t.Helper()
	why := wait.For(patience, func() string {
		a, err := send(context.WithoutCancel(t.Context()), "DELETE", path, "")
		switch {
		case err != nil:
			return err.Error()
		case a.Status == 204 || a.Status == 404:
			return ""
		}
		return a.Body
	})
	if why != "" {
		t.Errorf("delete %s: %s", path, why)
	}
}
