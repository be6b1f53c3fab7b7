package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// What OpenStack's own acceptance tests (Tempest) and Terraform's provider ask of
// an API that attaches interfaces, in their order. The names are theirs.
func TestTempest(t *testing.T) {
	for _, tt := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"test_create_list_show_delete_interfaces_by_network_port", byNetworkPort},
		{"test_create_list_show_delete_interfaces_by_fixed_ip", byFixedIP},
		{"test_reassign_port_between_servers", reassign},
		{"AttachInterfacesV270.test_create_get_list_interfaces", sinceTags},
		{"test_tagged_attachment", waitForEvent},
		{"test_add_remove_fixed_ip", addRemoveFixedIP},
		{"test_hotplug_nic", hotplugNIC},
		{"openstack_compute_interface_attach_v2", terraform},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clean(t)
			tt.test(t)
		})
	}
}

// byNetworkPort attaches by nothing, by network and by port, and takes out the
// second of them.
func byNetworkPort(t *testing.T) {
	g := host.Guest("g1")
	a := ask(t, "POST", interfaces(g), `{"interfaceAttachment": {}}`).is(t, 400)
	if name, _, why := a.fault(t); name != "badRequest" || why != "Multiple possible networks found, use a Network ID to be more specific." {
		t.Errorf("by nothing: %s", a.Body)
	}
	port, _ := createPort(t, `{"network_id": "$blue"}`)
	all := []nic{
		attach(t, g, `{"net_id": "$blue"}`), attach(t, g, `{"net_id": "$blue"}`), attach(t, g, `{"port_id": "`+port+`"}`),
	}
	if all[2].Port != port {
		t.Errorf("by port %s: %+v", port, all[2])
	}
	left := map[string]bool{}
	for _, n := range all {
		becomes(t, g, n.Port, "ACTIVE")
		showsAsCreated(t, g, n)
		left[n.Port] = true
	}
	if got := listed(t, g); !maps.Equal(got, left) {
		t.Errorf("listed %v, want %v", got, left)
	}
	detach(t, g, all[1].Port)
	delete(left, all[1].Port)
	if got := listed(t, g); !maps.Equal(got, left) {
		t.Errorf("without the second, listed %v, want %v", got, left)
	}
}

// showsAsCreated checks that a NIC is shown and listed as it was answered.
func showsAsCreated(t *testing.T, g *testhost.Running, n nic) {
	t.Helper()
	var said struct{ InterfaceAttachments []nic }
	ask(t, "GET", interfaces(g), "", shown).is(t, 200).into(t, &said)
	i := slices.IndexFunc(said.InterfaceAttachments, func(l nic) bool { return l.Port == n.Port })
	show := nicOf(t, ask(t, "GET", interfaces(g)+"/"+n.Port, "", shown).is(t, 200))
	if i < 0 || fmt.Sprint(said.InterfaceAttachments[i].IPs, show.IPs) != fmt.Sprint(n.IPs, n.IPs) ||
		show.Net != n.Net || show.MAC != n.MAC || said.InterfaceAttachments[i].MAC != n.MAC {
		t.Errorf("created %+v, shown %+v, listed %+v", n, show, said.InterfaceAttachments)
	}
}

func byFixedIP(t *testing.T) {
	g := host.Guest("g1")
	n := attach(t, g, `{"net_id": "$blue", "fixed_ips": [{"ip_address": "10.20.0.88"}]}`)
	if len(n.IPs) != 1 || n.IPs[0].Address.String() != "10.20.0.88" {
		t.Errorf("asked for 10.20.0.88, got %v", n.IPs)
	}
	showsAsCreated(t, g, n)
	detach(t, g, n.Port)
	if got := listed(t, g); len(got) != 0 {
		t.Errorf("listed %v", got)
	}
}

// reassign looks only at the port: as soon as no server has it, another may.
func reassign(t *testing.T) {
	port, _ := createPort(t, `{"network_id": "$blue"}`)
	for _, name := range []string{"g1", "g2", "g1"} {
		g := host.Guest(name)
		attach(t, g, `{"port_id": "`+port+`"}`)
		ask(t, "DELETE", interfaces(g)+"/"+port, "").is(t, 202)
		wait.Until(t, 2*patience, func() string {
			if found := query(t, "port", "id="+port+"&device_id="); len(found) != 1 {
				return "the port is not free"
			}
			return ""
		})
	}
}

// sinceTags wants a tag in each answer since 2.70, of a NIC without one null, and
// in none before.
func sinceTags(t *testing.T) {
	g := host.Guest("g1")
	with, without := attach(t, g, `{"net_id": "$blue", "tag": "nic-tag"}`), attach(t, g, blue)
	if with.Tag == nil || *with.Tag != "nic-tag" || without.Tag != nil {
		t.Errorf("created with the tags %v and %v", with.Tag, without.Tag)
	}
	for version, tags := range map[string][2]string{
		"2.49": {"", ""}, "2.69": {"", ""}, "2.70": {`, "tag": "nic-tag"`, `, "tag": null`}, "latest": {`, "tag": "nic-tag"`, `, "tag": null`},
	} {
		header := "X-OpenStack-Nova-API-Version: " + version
		all := `{"interfaceAttachments": [` + attachmentText(with, tags[0]) + ", " + attachmentText(without, tags[1]) + "]}"
		for path, want := range map[string]string{
			"":                 all,
			"/" + with.Port:    `{"interfaceAttachment": ` + attachmentText(with, tags[0]) + "}",
			"/" + without.Port: `{"interfaceAttachment": ` + attachmentText(without, tags[1]) + "}",
		} {
			if got := ask(t, "GET", interfaces(g)+path, "", header).is(t, 200).Body; got != want {
				t.Errorf("at %s:\n%s\nwant\n%s", version, got, want)
			}
		}
	}
}

// attachmentText is a NIC as the API writes it, with that at its end.
func attachmentText(n nic, end string) string {
	var ips []string
	for _, f := range n.IPs {
		ips = append(ips, fmt.Sprintf(`{"subnet_id": %q, "ip_address": "%v"}`, f.Subnet, f.Address))
	}
	return fmt.Sprintf(`{"net_id": %q, "port_id": %q, "mac_addr": %q, "port_state": "ACTIVE", "fixed_ips": [%s]%s}`,
		n.Net, n.Port, n.MAC, strings.Join(ips, ", "), end)
}

// waitForEvent waits for the end of a detach by the ID of the request.
func waitForEvent(t *testing.T) {
	g := host.Guest("g1")
	n := attach(t, g, `{"net_id": "$blue", "tag": "nic-tag"}`)
	a := ask(t, "DELETE", interfaces(g)+"/"+n.Port, "").is(t, 202)
	path := "/v2.1/servers/" + g.UUID + "/os-instance-actions/" + a.Header.Get("X-Openstack-Request-Id")
	wait.Until(t, 2*patience, func() string {
		var said struct {
			InstanceAction struct {
				Events []struct{ Event, Result string }
			}
		}
		a := ask(t, "GET", path, "", "X-OpenStack-Nova-API-Version: 2.51").is(t, 200)
		a.into(t, &said)
		for _, e := range said.InstanceAction.Events {
			if e.Event == "compute_detach_interface" && e.Result == "Success" {
				return ""
			}
		}
		return a.Body
	})
	if got := listed(t, g); len(got) != 0 {
		t.Errorf("the event says that it is done, and there are %v", got)
	}
}

// terraform deletes on every poll, and takes anything but 202 and 404 for a
// failure; it is content when the port is not found.
func terraform(t *testing.T) {
	g := host.Guest("g1")
	n := attach(t, g, `{"net_id": "$blue"}`)
	path := interfaces(g) + "/" + n.Port
	deletes := 0
	wait.Until(t, 2*patience, func() string {
		if a := ask(t, "GET", path, ""); a.Status == 404 {
			return ""
		}
		deletes++
		if a := ask(t, "DELETE", path, ""); a.Status != 202 && a.Status != 404 {
			t.Fatalf("delete number %d: %d %s", deletes, a.Status, a.Body)
		}
		return "still attached"
	})
	if deletes < 2 {
		t.Errorf("the port was gone after %d deletes: nothing was asked while it was on its way out", deletes)
	}
	ask(t, "DELETE", path, "").is(t, 404)
}

// hotplugNIC wants exactly one port more, and one NIC in the guest, which works.
func hotplugNIC(t *testing.T) {
	ports, devices := query(t, "port", ""), devicesOf(t)
	p := plug(t, "g1", blue)
	more := slices.DeleteFunc(query(t, "port", ""), func(id string) bool { return slices.Contains(ports, id) })
	if !slices.Equal(more, []string{p.Port}) {
		t.Errorf("ports %v are new, want %s", more, p.Port)
	}
	added := slices.DeleteFunc(devicesOf(t), func(d string) bool { return slices.Contains(devices, d) })
	if !slices.Equal(added, []string{p.dev}) {
		t.Errorf("the guest has %v more, want %s", added, p.dev)
	}
	friend := peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	if out, err := friend.Run(within(t, patience), "ping", "-c", "1", "-W", "10", p.ip(4).String()); err != nil {
		t.Errorf("the guest is not reached: %v: %s", err, out)
	}
}

// devicesOf are the network devices that g1 has.
func devicesOf(t *testing.T) []string {
	t.Helper()
	return strings.Fields(in(t, host.Guest("g1"), "ls /sys/class/net"))
}
