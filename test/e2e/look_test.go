package e2e

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"vifd/test/testhost"
	"vifd/test/wait"
)

// A device is an <interface> of a domain.
type device struct {
	Alias struct {
		Name string `xml:"name,attr"`
	} `xml:"alias"`
	MAC struct {
		Address string `xml:"address,attr"`
	} `xml:"mac"`
	Target struct {
		Dev string `xml:"dev,attr"`
	} `xml:"target"`
	MTU struct {
		Size int `xml:"size,attr"`
	} `xml:"mtu"`
	Driver struct {
		Queues int `xml:"queues,attr"`
	} `xml:"driver"`
	PCI struct {
		Domain   string `xml:"domain,attr"`
		Bus      string `xml:"bus,attr"`
		Slot     string `xml:"slot,attr"`
		Function string `xml:"function,attr"`
	} `xml:"address"`
}

// pci returns the device's address as Linux writes it.
func (d device) pci() string {
	var domain, bus, slot, function int
	text := strings.Join([]string{d.PCI.Domain, d.PCI.Bus, d.PCI.Slot, d.PCI.Function}, " ")
	if _, err := fmt.Sscanf(text, "0x%x 0x%x 0x%x 0x%x", &domain, &bus, &slot, &function); err != nil {
		return ""
	}
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, slot, function)
}

// nics returns what NICs the guest has, or what its definition has.
func nics(t *testing.T, g *testhost.Running, live bool) []device {
	t.Helper()
	text, err := g.XML(within(t, patience), live)
	if err != nil {
		t.Fatal(err)
	}
	var domain struct {
		Devices []device `xml:"devices>interface"`
	}
	if err := xml.Unmarshal([]byte(text), &domain); err != nil {
		t.Fatal(err)
	}
	return domain.Devices
}

// find returns the NIC of the port, or false.
func find(devices []device, port string) (device, bool) {
	for _, d := range devices {
		if d.Alias.Name == "ua-vifd-"+port {
			return d, true
		}
	}
	return device{}, false
}

// defined waits until guest and definition have the port's NIC at one address,
// and returns it as the guest has it.
func defined(t *testing.T, g *testhost.Running, port string) device {
	t.Helper()
	var live device
	wait.Until(t, patience, func() string {
		d, ok := find(nics(t, g, true), port)
		definition, both := find(nics(t, g, false), port)
		live = d
		if !ok || !both || d.pci() == "" || d.pci() != definition.pci() || d.MAC != definition.MAC {
			return fmt.Sprintf("the guest has %+v, the definition %+v", d, definition)
		}
		return ""
	})
	return live
}

// An inside is what vifd's own API says of a port that is plugged in.
type inside struct {
	Port   struct{ ID, MAC string }
	Tap    string
	OFPort int
	Gen    int
	PCI    string
	State  string
	Reason string
	Queues int
}

func details(t *testing.T, port string) inside {
	t.Helper()
	var said struct{ Attachment inside }
	ask(t, "GET", "/v1/attachments/"+port, "").is(t, 200).into(t, &said)
	return said.Attachment
}

// A link is a network device of the host.
type link struct {
	Alias   string `json:"ifalias"`
	MTU     int
	MAC     string `json:"address"`
	GenMode string `json:"inet6_addr_gen_mode"`
	State   string `json:"operstate"`
	Kind    struct {
		Data struct {
			Persist bool
			Queues  int  `json:"numtxqueues"`
			Multi   bool `json:"multi_queue"`
		} `json:"info_data"`
	} `json:"linkinfo"`
	Queues int `json:"num_tx_queues"`
}

func linkOf(t *testing.T, name string) link {
	t.Helper()
	var all []link
	text := sh(t, "ip -d -j link show dev "+name)
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// column returns columns of the switch's row for a device, a line each.
func column(t *testing.T, table, name string, columns ...string) []string {
	t.Helper()
	return strings.Split(sh(t, "ovs-vsctl get "+table+" "+name+" "+strings.Join(columns, " ")), "\n")
}
