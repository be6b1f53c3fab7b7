package store

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

var (
	web = vif.SecurityGroup{ID: "g1", Name: "web", Description: "d", Project: "p", Created: day, Updated: day, Rules: []vif.SecurityRule{
		{ID: "r1", Direction: vif.Egress, Version: 4, Created: day},
		{ID: "r2", Description: "http", Direction: vif.Ingress, Version: 4, Protocol: "TCP", First: new(80), Last: new(81),
			RemotePrefix: netip.MustParsePrefix("10.0.0.0/8"), Created: day.Add(1)},
		{ID: "r3", Direction: vif.Ingress, Version: 6, Protocol: "58", First: new(0), RemoteGroup: "g2", Created: day.Add(2)},
	}}
	friends = vif.SecurityGroup{ID: "g2", Name: "friends", Project: "p", Created: day.Add(1), Updated: day}
	guarded = func() vif.Port { p := port; p.Groups = []string{"g1", "g2"}; return p }()
)

// putGroups keeps two groups, and a port that has both.
func putGroups(tx *Tx) error {
	return errors.Join(put(tx), tx.PutSecurityGroup(friends), tx.PutSecurityGroup(web), tx.PutPort(guarded))
}

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	update(t, s, putGroups)
	update(t, s, func(tx *Tx) error {
		all, e1 := tx.SecurityGroups()
		of, e2 := tx.GroupOf("r3")
		p, e3 := tx.Port("p1")
		members, e4 := tx.Members("g2")
		if !reflect.DeepEqual(all, []vif.SecurityGroup{web, friends}) || !reflect.DeepEqual(of, web) || !reflect.DeepEqual(p, guarded) {
			t.Errorf("groups %+v, %+v, port %+v", all, of, p)
		}
		if want := []netip.Addr{port.FixedIPs[1].Address, port.FixedIPs[0].Address}; !slices.Equal(members, want) {
			t.Errorf("members %v, want %v", members, want)
		}
		return errors.Join(e1, e2, e3, e4)
	})
	update(t, s, func(tx *Tx) error { return errors.Join(tx.DropSecurityRule("r2"), tx.PutPort(port)) })
	update(t, s, func(tx *Tx) error { return tx.DropSecurityGroup("g2", day.Add(time.Hour)) })
	update(t, s, func(tx *Tx) error {
		g, err := tx.SecurityGroup("g1")
		if len(g.Rules) != 1 || g.Rules[0].ID != "r1" || !g.Updated.Equal(day.Add(time.Hour)) {
			t.Errorf("left is %+v: the rule that named the other goes with that, and this is noted", g)
		}
		return err
	})
}

func TestSecurityGroupRefusals(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	update(t, s, putGroups)
	rule := func(change func(*vif.SecurityRule)) func(tx *Tx) error {
		r := web.Rules[1]
		r.ID = "r9"
		change(&r)
		return func(tx *Tx) error { return tx.AddSecurityRule("g1", r) }
	}
	for name, tt := range map[string]struct {
		do   func(tx *Tx) error
		want vif.Kind
	}{
		"a group that a port has":    {func(tx *Tx) error { return tx.DropSecurityGroup("g1", day) }, vif.InUse},
		"a rule twice":               {rule(func(r *vif.SecurityRule) { r.Description = "other" }), vif.InUse},
		"the same by its number":     {rule(func(r *vif.SecurityRule) { r.Protocol = "6" }), vif.InUse},
		"no protocol":                {rule(func(r *vif.SecurityRule) { r.Protocol = "x" }), vif.Invalid},
		"no direction":               {rule(func(r *vif.SecurityRule) { r.Direction = "up" }), vif.Invalid},
		"both remotes":               {rule(func(r *vif.SecurityRule) { r.RemoteGroup = "g2" }), vif.Invalid},
		"a remote that is not there": {rule(func(r *vif.SecurityRule) { r.RemotePrefix, r.RemoteGroup = netip.Prefix{}, "g9" }), vif.NotFound},
		"a port in no such group":    {func(tx *Tx) error { p := port; p.Groups = []string{"g9"}; return tx.PutPort(p) }, vif.NotFound},
		"no such group":              {func(tx *Tx) error { _, err := tx.SecurityGroup("g9"); return err }, vif.NotFound},
		"no such rule":               {func(tx *Tx) error { _, err := tx.GroupOf("r9"); return err }, vif.NotFound},
	} {
		if err := s.Update(t.Context(), tt.do); vif.KindOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	update(t, s, rule(func(r *vif.SecurityRule) { r.Last = new(82) }))
}

// Groups come back with a server's copy, also those that are only named by rules;
// and where the rules are lost the port has its group all the same.
func TestGroupsComeBack(t *testing.T) {
	t.Parallel()
	from := open(t, t.TempDir())
	var c Copy
	update(t, from, func(tx *Tx) (err error) {
		a := attachment
		a.NIC.Port = guarded
		a.NIC.Port.Groups = []string{"g1"}
		err = errors.Join(putGroups(tx), tx.PutAttachment(a))
		c, _ = tx.CopyOf("vm")
		return err
	})
	c.Ports = []vif.Port{guarded}
	if !reflect.DeepEqual(c.Groups, []vif.SecurityGroup{web, friends}) {
		t.Fatalf("the copy has %+v", c.Groups)
	}
	for name, groups := range map[string][]vif.SecurityGroup{"whole": c.Groups, "lost": nil} {
		to := open(t, t.TempDir())
		update(t, to, func(tx *Tx) error {
			c.Groups = groups
			taken, left, err := tx.Adopt(c)
			p, e1 := tx.Port("p1")
			all, e2 := tx.SecurityGroups()
			if name == "whole" && (!reflect.DeepEqual(all, groups) || len(taken.Groups) != 2) {
				t.Errorf("groups %+v, taken %+v", all, taken.Groups)
			}
			if name == "lost" && (len(all) != 2 || len(all[0].Rules)+len(all[1].Rules) > 0 || !strings.Contains(strings.Join(left, "\n"), "g1: its rules are lost")) {
				t.Errorf("groups %+v, left %v", all, left)
			}
			if !slices.Equal(p.Groups, guarded.Groups) {
				t.Errorf("%s: the port is in %v", name, p.Groups)
			}
			return errors.Join(err, e1, e2)
		})
	}
}

// From the first port on that has a group, no vifd that knows of none may go on
// with the store.
func TestGroupsBarTheWayBack(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	update(t, s, put)
	if got := metaOf(t, s, "readable"); got != "5" {
		t.Errorf("without groups: %s", got)
	}
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutSecurityGroup(friends), tx.PutSecurityGroup(web), tx.PutPort(guarded))
	})
	if got := metaOf(t, s, "readable"); got != "7" {
		t.Errorf("with groups: %s", got)
	}
}
