package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
	"libvirt.org/go/libvirt"
)

const (
	benchTap   = "tapbench0"
	benchAlias = "ua-bench"
	benchMAC   = "fa:16:3e:be:9c:01"
)

// nicXML is a NIC as vifd makes it on a netdev bridge.
const nicXML = `<interface type='ethernet'><mac address='` + benchMAC + `'/><target dev='` + benchTap + `' managed='no'/>` +
	`<model type='virtio'/><driver><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/>` +
	`<guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver><mtu size='1500'/><alias name='` + benchAlias + `'/></interface>`

// makeTap makes the tap that a contestant needs beforehand.
func makeTap(ctx context.Context) error {
	if err := sh(ctx, "ip", "tuntap", "add", "dev", benchTap, "mode", "tap", "vnet_hdr"); err != nil {
		return err
	}
	return sh(ctx, "ip", "link", "set", benchTap, "up")
}

func dropTap(ctx context.Context) error { return sh(ctx, "ip", "link", "del", benchTap) }

// libvirtTurn is the floor of the guest's part: libvirt alone on a ready tap.
func (b *bench) libvirtTurn(ctx context.Context, _ int) (in, out time.Duration, err error) {
	if err := errors.Join(makeTap(ctx), rest(ctx)); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := b.domain.AttachDeviceFlags(nicXML, libvirt.DOMAIN_DEVICE_MODIFY_LIVE); err != nil {
		return 0, 0, err
	}
	in = time.Since(start)
	came, err := b.come(ctx, benchAlias, start)
	if err != nil {
		return 0, 0, err
	}
	b.told = came.Sub(start)
	if err := b.seen(ctx, benchMAC); err != nil {
		return 0, 0, err
	}
	start = time.Now()
	if err := b.domain.DetachDeviceAlias(benchAlias, libvirt.DOMAIN_DEVICE_MODIFY_LIVE); err != nil {
		return 0, 0, err
	}
	if err := b.gone(ctx, benchAlias); err != nil {
		return 0, 0, err
	}
	return in, time.Since(start), dropTap(ctx)
}

type ovsBridge struct {
	UUID  string   `ovsdb:"_uuid"`
	Name  string   `ovsdb:"name"`
	Ports []string `ovsdb:"ports"`
}

type ovsPort struct {
	UUID       string   `ovsdb:"_uuid"`
	Name       string   `ovsdb:"name"`
	Interfaces []string `ovsdb:"interfaces"`
	Tag        *int     `ovsdb:"tag"`
}

type ovsInterface struct {
	UUID   string `ovsdb:"_uuid"`
	Name   string `ovsdb:"name"`
	OFPort *int   `ovsdb:"ofport"`
}

func (b *bench) openSwitch(ctx context.Context) error {
	schema, err := model.NewClientDBModel("Open_vSwitch", map[string]model.Model{
		"Bridge": &ovsBridge{}, "Port": &ovsPort{}, "Interface": &ovsInterface{},
	})
	if err != nil {
		return err
	}
	if b.ovs, err = client.NewOVSDBClient(schema, client.WithEndpoint("unix:/run/openvswitch/db.sock")); err != nil {
		return err
	}
	return b.ovs.Connect(ctx)
}

// commit sends one transaction and returns the first operation's UUID.
func (b *bench) commit(ctx context.Context, ops ...ovsdb.Operation) error {
	results, err := b.ovs.Transact(ctx, ops...)
	if err != nil {
		return err
	}
	_, err = ovsdb.CheckOperationResults(results, ops)
	return err
}

// switchTurn is the floor of the switch's part: from the commit of a port for a
// ready tap until the switch has given it its number.
func (b *bench) switchTurn(ctx context.Context, _ int) (in, out time.Duration, err error) {
	if err := errors.Join(makeTap(ctx), rest(ctx)); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := b.commit(ctx,
		ovsdb.Operation{Op: "insert", Table: "Interface", UUIDName: "iface", Row: ovsdb.Row{"name": benchTap}},
		ovsdb.Operation{Op: "insert", Table: "Port", UUIDName: "port", Row: ovsdb.Row{
			"name": benchTap, "tag": 100, "interfaces": ovsdb.UUID{GoUUID: "iface"}}},
		ovsdb.Operation{Op: "mutate", Table: "Bridge", Where: named("br-int"),
			Mutations: []ovsdb.Mutation{{Column: "ports", Mutator: "insert", Value: ovsdb.UUID{GoUUID: "port"}}}},
	); err != nil {
		return 0, 0, err
	}
	timeout := 10_000
	if err := b.commit(ctx, ovsdb.Operation{Op: "wait", Table: "Interface", Where: named(benchTap), Columns: []string{"ofport"},
		Until: "!=", Timeout: &timeout, Rows: []ovsdb.Row{{"ofport": ovsdb.OvsSet{GoSet: []any{}}}}}); err != nil {
		return 0, 0, fmt.Errorf("ofport: %w", err)
	}
	in = time.Since(start)
	start = time.Now()
	if err := sh(ctx, "ovs-vsctl", "del-port", "br-int", benchTap); err != nil {
		return 0, 0, err
	}
	return in, time.Since(start), dropTap(ctx)
}

func named(name string) []ovsdb.Condition {
	return []ovsdb.Condition{{Column: "name", Function: ovsdb.ConditionEqual, Value: name}}
}
