package e2e

import (
	"net/http"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/attachinterfaces"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/instanceactions"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// gophercloud, without a Keystone: a client of each service is its URL.
func TestGophercloud(t *testing.T) {
	clean(t)
	openly(t)
	provider := &gophercloud.ProviderClient{TokenID: "none"}
	network := &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: plainDoor + "/v2.0/", Type: "network"}
	for _, version := range []string{"2.1", "2.49", "2.70", "2.93"} {
		t.Run(version, func(t *testing.T) {
			compute := &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: plainDoor + "/v2.1/", Type: "compute", Microversion: version}
			plugWithGophercloud(t, compute, network)
		})
	}
}

func plugWithGophercloud(t *testing.T, compute, network *gophercloud.ServiceClient) {
	ctx := t.Context()
	g, console := guestAndConsole(t)
	port, err := ports.Create(ctx, network, ports.CreateOpts{NetworkID: networkID(t, "blue"), Name: "of-gophercloud"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, "/v2.0/ports/"+port.ID) })
	made, err := attachinterfaces.Create(ctx, compute, g.UUID, attachinterfaces.CreateOpts{PortID: port.ID}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	n := only(t, g)
	if made.PortID != n.Port || made.MACAddr != n.MAC || made.PortState != "ACTIVE" || made.FixedIPs[0].IPAddress != n.IPs[0].Address.String() {
		t.Errorf("it says %+v, g1 has %+v", made, n)
	}
	checkWhole(t, g, console, n)
	if s, err := servers.Get(ctx, compute, g.UUID).Extract(); err != nil || s.Name != "g1" || s.Addresses["blue"] == nil {
		t.Errorf("the server is %+v, %v", s, err)
	}
	if pages, err := networks.List(network, networks.ListOpts{Name: "blue"}).AllPages(ctx); err != nil {
		t.Error(err)
	} else if all, err := networks.ExtractNetworks(pages); err != nil || len(all) != 1 || all[0].ID != n.Net {
		t.Errorf("networks %+v, %v", all, err)
	}
	if err := attachinterfaces.Delete(ctx, compute, g.UUID, n.Port).ExtractErr(); err != nil {
		t.Error(err)
	}
	gone(t, g, n.Port)
	if _, err := attachinterfaces.Get(ctx, compute, g.UUID, n.Port).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Errorf("after the detach: %v", err)
	}
	checkActions(t, compute, g.UUID)
}

// checkActions wants the last two actions to be the attach and the detach.
func checkActions(t *testing.T, compute *gophercloud.ServiceClient, server string) {
	t.Helper()
	pages, err := instanceactions.List(compute, server, nil).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := instanceactions.ExtractInstanceActions(pages)
	if err != nil || len(all) < 2 || all[0].Action != "detach_interface" || all[1].Action != "attach_interface" {
		t.Fatalf("actions %+v, %v", all, err)
	}
	one, err := instanceactions.Get(t.Context(), compute, server, all[1].RequestID).Extract()
	if err != nil || one.Action != "attach_interface" {
		t.Errorf("the attach is %+v, %v", one, err)
	}
}
