package api

import (
	"context"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/attachinterfaces"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	secrules "github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
)

// clients returns gophercloud's clients of compute and networking, through d's
// socket.
func (d *daemon) clients(t *testing.T) (compute, networking *gophercloud.ServiceClient) {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", d.socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	provider := &gophercloud.ProviderClient{TokenID: "notused", HTTPClient: http.Client{Transport: transport}}
	compute = &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: "http://vifd/v2.1/", Type: "compute", Microversion: "2.70"}
	networking = &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: "http://vifd/v2.0/", Type: "network"}
	return compute, networking
}

// A client that was written for OpenStack makes a network and plugs it in, as
// Terraform does.
func TestGophercloud(t *testing.T) {
	ctx := t.Context()
	d := start(t, recordedWorld(), Limits{})
	compute, networking := d.clients(t)

	n, err := networks.Create(ctx, networking, networks.CreateOpts{Name: "blue"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	_, err = subnets.Create(ctx, networking, subnets.CreateOpts{NetworkID: n.ID, CIDR: "10.20.0.0/24", IPVersion: 4, EnableDHCP: gophercloud.Disabled}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	at, err := attachinterfaces.Create(ctx, compute, vm1, attachinterfaces.CreateOpts{
		NetworkID: n.ID, FixedIPs: []attachinterfaces.FixedIP{{IPAddress: "10.20.0.7"}},
	}).Extract()
	if err != nil || at.PortState != "ACTIVE" || at.FixedIPs[0].IPAddress != "10.20.0.7" {
		t.Fatalf("attached %+v, %v", at, err)
	}
	s, err := servers.Get(ctx, compute, vm1).Extract()
	if err != nil || s.Addresses["blue"] == nil {
		t.Errorf("server %+v, %v", s, err)
	}
	pages, err := ports.List(networking, ports.ListOpts{DeviceID: vm1, FixedIPs: []ports.FixedIPOpts{{IPAddress: "10.20.0.7"}}}).AllPages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := ports.ExtractPorts(pages); err != nil || len(list) != 1 || list[0].ID != at.PortID || list[0].Status != "ACTIVE" {
		t.Errorf("ports %+v, %v", list, err)
	}
	if err := attachinterfaces.Delete(ctx, compute, vm1, at.PortID).ExtractErr(); err != nil {
		t.Error(err)
	}
	d.Stop(ctx) // the detach has ended
	if _, err := attachinterfaces.Get(ctx, compute, vm1, at.PortID).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Errorf("after the detach: %v", err)
	}
	if err := networks.Delete(ctx, networking, n.ID).ExtractErr(); err != nil {
		t.Error(err)
	}
}

// It also makes security groups, and gives them to ports.
func TestGophercloudSecurityGroups(t *testing.T) {
	ctx := t.Context()
	d := start(t, recordedWorld(), Limits{})
	compute, networking := d.clients(t)

	members, err := groups.Create(ctx, networking, groups.CreateOpts{Name: "members"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	web, err := groups.Create(ctx, networking, groups.CreateOpts{Name: "web", Description: "who may be asked"}).Extract()
	if err != nil || len(web.Rules) != 2 {
		t.Fatalf("group %+v, %v", web, err)
	}
	http80 := secrules.CreateOpts{Direction: secrules.DirIngress, EtherType: secrules.EtherType4, SecGroupID: web.ID,
		Protocol: secrules.ProtocolTCP, PortRangeMin: 80, PortRangeMax: 81, RemoteGroupID: members.ID}
	rule, err := secrules.Create(ctx, networking, http80).Extract()
	if err != nil || rule.PortRangeMax != 81 || rule.RemoteGroupID != members.ID {
		t.Fatalf("rule %+v, %v", rule, err)
	}
	if _, err := secrules.Create(ctx, networking, http80).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusConflict) {
		t.Errorf("the same rule again: %v", err)
	}
	port, err := ports.Create(ctx, networking, ports.CreateOpts{NetworkID: net88, SecurityGroups: &[]string{web.ID}}).Extract()
	if err != nil || !slices.Equal(port.SecurityGroups, []string{web.ID}) {
		t.Fatalf("port %+v, %v", port, err)
	}
	if _, err := attachinterfaces.Create(ctx, compute, vm1, attachinterfaces.CreateOpts{PortID: port.ID}).Extract(); err != nil {
		t.Fatal(err)
	}
	s, err := servers.Get(ctx, compute, vm1).Extract()
	if err != nil || len(s.SecurityGroups) != 1 || s.SecurityGroups[0]["name"] != "web" {
		t.Errorf("server %+v, %v", s.SecurityGroups, err)
	}
	if err := groups.Delete(ctx, networking, web.ID).ExtractErr(); !gophercloud.ResponseCodeIs(err, http.StatusConflict) {
		t.Errorf("deleted in use: %v", err)
	}
	if _, err := ports.Update(ctx, networking, port.ID, ports.UpdateOpts{SecurityGroups: &[]string{}}).Extract(); err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		secrules.Delete(ctx, networking, rule.ID).ExtractErr(), groups.Delete(ctx, networking, web.ID).ExtractErr(),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := groups.Get(ctx, networking, web.ID).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Errorf("deleted: %v", err)
	}
}
