package e2e

import (
	"fmt"
	"net/netip"
	"testing"
)

// An address that was added passes as soon as that is answered, and one that was
// removed does not any more.
func addRemoveFixedIP(t *testing.T) {
	p := plug(t, "g1", `{"net_id": "$blue"}`)
	friend := peer(t, "blue", "10.20.0.250/24")
	change := func(body string, status int, version string) answer {
		t.Helper()
		return ask(t, "POST", "/v2.1/servers/$g1/action", body, "X-OpenStack-Nova-API-Version: "+version).is(t, status)
	}
	add := `{"addFixedIp": {"networkId": "$blue"}}`
	asked := change(add, 202, "2.43")
	now := only(t, p.guest)
	if len(now.IPs) != len(p.IPs)+1 {
		t.Fatalf("had %+v, and has %+v", p.IPs, now.IPs)
	}
	added := now.IPs[len(now.IPs)-1].Address
	in(t, p.guest, fmt.Sprintf("ip addr add %v/24 dev %s", added, p.dev))
	in(t, p.guest, fmt.Sprintf("ping -c 1 -W 10 -I %v 10.20.0.250", added))
	contains(t, sh(t, "ovs-ofctl dump-flows br-int"), added.String())
	action := "/v2.1/servers/$g1/os-instance-actions/" + asked.Header.Get("X-Openstack-Request-Id")
	contains(t, ask(t, "GET", action, "").is(t, 200).Body, `"action": "add_fixed_ip"`, `"result": "Success"`)

	remove := func(a netip.Addr) string { return fmt.Sprintf(`{"removeFixedIp": {"address": %q}}`, a) }
	change(remove(added), 202, "2.43")
	if now := only(t, p.guest); fmt.Sprint(now.IPs) != fmt.Sprint(p.IPs) {
		t.Errorf("had %+v, and has %+v", p.IPs, now.IPs)
	}
	if out, status := try(t, p.guest, fmt.Sprintf("ping -c 2 -i 0.2 -W 1 -I %v 10.20.0.250", added)); status == 0 {
		t.Errorf("what was removed passes: %s", out)
	}
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	if out, err := friend.Run(within(t, patience), "ping", "-c", "1", "-W", "1", added.String()); err == nil {
		t.Errorf("what was removed is reached: %s", out)
	}
	change(remove(added), 400, "2.43")
	change(`{"addFixedIp": {"networkId": "$red"}}`, 404, "2.43")
	change(add, 404, "2.44")

	ask(t, "PUT", "/v2.0/ports/"+p.Port, `{"port": {"fixed_ips": [{"ip_address": "10.20.0.247"}]}}`).is(t, 200)
	in(t, p.guest, "ip addr add 10.20.0.247/24 dev "+p.dev)
	in(t, p.guest, "ping -c 1 -W 10 -I 10.20.0.247 10.20.0.250")
	if out, status := try(t, p.guest, fmt.Sprintf("ping -c 2 -i 0.2 -W 1 -I %v 10.20.0.250", p.IPs[0].Address)); status == 0 {
		t.Errorf("what the port has no more passes: %s", out)
	}
}
