package ovs

import (
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// The tables of ovs-vswitchd.conf.db(5) that are read and written.
const (
	databaseName   = "Open_vSwitch"
	tableRoot      = "Open_vSwitch"
	tableBridge    = "Bridge"
	tablePort      = "Port"
	tableInterface = "Interface"
	tableQoS       = "QoS"
)

// A rootRow is the one row of Open_vSwitch.
type rootRow struct {
	UUID    string `ovsdb:"_uuid"`
	NextCfg int    `ovsdb:"next_cfg"` // the configuration that is asked for
	CurCfg  int    `ovsdb:"cur_cfg"`  // the one that ovs-vswitchd has
}

type bridgeRow struct {
	UUID         string            `ovsdb:"_uuid"`
	Name         string            `ovsdb:"name"`
	DatapathType string            `ovsdb:"datapath_type"`
	FailMode     *string           `ovsdb:"fail_mode"`
	Controller   []string          `ovsdb:"controller"`
	Ports        []string          `ovsdb:"ports"`
	ExternalIDs  map[string]string `ovsdb:"external_ids"`
}

type portRow struct {
	UUID        string            `ovsdb:"_uuid"`
	Name        string            `ovsdb:"name"`
	Interfaces  []string          `ovsdb:"interfaces"`
	Tag         *int              `ovsdb:"tag"`
	VLANMode    *string           `ovsdb:"vlan_mode"`
	CVLANs      []int             `ovsdb:"cvlans"`
	QoS         *string           `ovsdb:"qos"`
	ExternalIDs map[string]string `ovsdb:"external_ids"`
}

type interfaceRow struct {
	UUID          string            `ovsdb:"_uuid"`
	Name          string            `ovsdb:"name"`
	Type          string            `ovsdb:"type"`
	OFPort        *int              `ovsdb:"ofport"`
	OFPortRequest *int              `ovsdb:"ofport_request"`
	Error         *string           `ovsdb:"error"`
	IfIndex       *int              `ovsdb:"ifindex"`
	LinkState     *string           `ovsdb:"link_state"`
	MTU           *int              `ovsdb:"mtu"`
	MTURequest    *int              `ovsdb:"mtu_request"`
	Options       map[string]string `ovsdb:"options"`
	ExternalIDs   map[string]string `ovsdb:"external_ids"`
}

type qosRow struct {
	UUID        string            `ovsdb:"_uuid"`
	Type        string            `ovsdb:"type"`
	ExternalIDs map[string]string `ovsdb:"external_ids"`
}

// schema returns the tables and an index that finds ports by their marker.
func schema() (model.ClientDBModel, error) {
	m, err := model.NewClientDBModel(databaseName, map[string]model.Model{
		tableRoot: &rootRow{}, tableBridge: &bridgeRow{}, tablePort: &portRow{},
		tableInterface: &interfaceRow{}, tableQoS: &qosRow{},
	})
	m.SetIndexes(map[string][]model.ClientIndex{
		tablePort: {{Columns: []model.ColumnKey{{Column: "external_ids", Key: keyPort}}}},
	})
	return m, err
}

// watched returns what is asked to be told of: no statistics, which change every
// few seconds.
func watched() *client.Monitor {
	return &client.Monitor{Method: ovsdb.ConditionalMonitorRPC, Tables: []client.TableMonitor{
		{Table: tableRoot, Fields: []string{"next_cfg", "cur_cfg"}},
		{Table: tableBridge, Fields: []string{"name", "datapath_type", "fail_mode", "controller", "ports", "external_ids"}},
		{Table: tablePort, Fields: []string{"name", "interfaces", "tag", "vlan_mode", "cvlans", "qos", "external_ids"}},
		{Table: tableInterface, Fields: []string{"name", "type", "ofport", "ofport_request", "error", "ifindex",
			"link_state", "mtu", "mtu_request", "options", "external_ids"}},
		{Table: tableQoS, Fields: []string{"type", "external_ids"}},
	}}
}

// CloneModel and CloneModelInto spare the client a detour through JSON, which
// counts for a bridge with a thousand ports.

func (r *bridgeRow) CloneModel() model.Model {
	c := &bridgeRow{}
	r.CloneModelInto(c)
	return c
}

func (r *bridgeRow) CloneModelInto(to model.Model) {
	c := to.(*bridgeRow)
	*c = *r
	c.FailMode = clone(r.FailMode)
	c.Controller, c.Ports = slices.Clone(r.Controller), slices.Clone(r.Ports)
	c.ExternalIDs = maps.Clone(r.ExternalIDs)
}

func (r *portRow) CloneModel() model.Model {
	c := &portRow{}
	r.CloneModelInto(c)
	return c
}

func (r *portRow) CloneModelInto(to model.Model) {
	c := to.(*portRow)
	*c = *r
	c.Interfaces, c.CVLANs, c.ExternalIDs = slices.Clone(r.Interfaces), slices.Clone(r.CVLANs), maps.Clone(r.ExternalIDs)
	c.Tag, c.VLANMode, c.QoS = clone(r.Tag), clone(r.VLANMode), clone(r.QoS)
}

func (r *interfaceRow) CloneModel() model.Model {
	c := &interfaceRow{}
	r.CloneModelInto(c)
	return c
}

func (r *interfaceRow) CloneModelInto(to model.Model) {
	c := to.(*interfaceRow)
	*c = *r
	c.OFPort, c.OFPortRequest, c.IfIndex = clone(r.OFPort), clone(r.OFPortRequest), clone(r.IfIndex)
	c.Error, c.LinkState = clone(r.Error), clone(r.LinkState)
	c.MTU, c.MTURequest = clone(r.MTU), clone(r.MTURequest)
	c.Options, c.ExternalIDs = maps.Clone(r.Options), maps.Clone(r.ExternalIDs)
}

// clone returns a pointer to a copy of what p points to.
func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// or returns what p points to, or the zero value.
func or[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
