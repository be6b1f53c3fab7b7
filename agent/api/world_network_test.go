package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"vifd/vif"
)

type httpRequest = http.Request

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// The Networking of a world.

func id[T any](list []T, of func(T) string, want string) (int, error) {
	if i := slices.IndexFunc(list, func(t T) bool { return of(t) == want }); i >= 0 {
		return i, nil
	}
	return 0, vif.NotFound
}

func get[T any](w *world, list *[]T, of func(T) string, want string) (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, err := id(*list, of, want)
	if err != nil {
		return *new(T), err
	}
	return (*list)[i], nil
}

func all[T any](w *world, list *[]T) ([]T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(*list), nil
}

func put[T any](w *world, list *[]T, of func(T) string, t T) (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return *new(T), w.fail
	}
	if i, err := id(*list, of, of(t)); err == nil {
		(*list)[i] = t
		return t, nil
	}
	*list = append(*list, t)
	return t, nil
}

func drop[T any](w *world, list *[]T, of func(T) string, want string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, err := id(*list, of, want)
	if w.fail != nil || err != nil {
		return firstOf(w.fail, err)
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

func (w *world) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	return fmt.Sprintf("88888888-0000-4000-8000-%012d", w.made)
}

func networkID(n vif.Network) string { return n.ID }
func subnetID(s vif.Subnet) string   { return s.ID }
func portID(p vif.Port) string       { return p.ID }

func (w *world) Networks(context.Context) ([]vif.Network, error) { return all(w, &w.networks) }
func (w *world) Network(_ context.Context, id string) (vif.Network, error) {
	return get(w, &w.networks, networkID, id)
}
func (w *world) CreateNetwork(_ context.Context, n vif.Network) (vif.Network, error) {
	n.ID = w.newID()
	if n.MTU == 0 {
		n.MTU = 1500
	}
	if n.Segment.Bridge == "" {
		n.Segment.Bridge = "br-int"
	}
	return put(w, &w.networks, networkID, n)
}
func (w *world) UpdateNetwork(_ context.Context, n vif.Network) (vif.Network, error) {
	return put(w, &w.networks, networkID, n)
}
func (w *world) DeleteNetwork(_ context.Context, id string) error {
	return drop(w, &w.networks, networkID, id)
}

func (w *world) Subnets(context.Context) ([]vif.Subnet, error) { return all(w, &w.subnets) }
func (w *world) Subnet(_ context.Context, id string) (vif.Subnet, error) {
	return get(w, &w.subnets, subnetID, id)
}
func (w *world) CreateSubnet(_ context.Context, s vif.Subnet) (vif.Subnet, error) {
	s.ID = w.newID()
	if !s.Gateway.IsValid() && !s.NoGateway {
		s.Gateway = s.CIDR.Addr().Next()
	}
	return put(w, &w.subnets, subnetID, s)
}
func (w *world) UpdateSubnet(_ context.Context, s vif.Subnet) (vif.Subnet, error) {
	return put(w, &w.subnets, subnetID, s)
}
func (w *world) DeleteSubnet(_ context.Context, id string) error {
	return drop(w, &w.subnets, subnetID, id)
}

func (w *world) Ports(context.Context) ([]vif.Port, error) { return all(w, &w.ports) }
func (w *world) Port(_ context.Context, id string) (vif.Port, error) {
	return get(w, &w.ports, portID, id)
}
func (w *world) CreatePort(ctx context.Context, s vif.PortSpec) (vif.Port, error) {
	n, err := w.Network(ctx, s.Network)
	if err != nil {
		return vif.Port{}, err
	}
	w.mu.Lock()
	p := w.newPort(n, s.FixedIPs)
	w.mu.Unlock()
	p.Name, p.Project, p.AdminUp, p.Device, p.DeviceOwner = s.Name, s.Project, s.AdminUp, s.Device, s.DeviceOwner
	p.Groups = s.Groups
	if s.MAC != "" {
		p.MAC = s.MAC
	}
	if s.Secure != nil {
		p.Secure = *s.Secure
	}
	return put(w, &w.ports, portID, p)
}
func (w *world) UpdatePort(ctx context.Context, p vif.Port) (vif.Port, error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	return put(w, &w.ports, portID, p)
}
func groupID(g vif.SecurityGroup) string { return g.ID }

func (w *world) SecurityGroups(context.Context) ([]vif.SecurityGroup, error) {
	return all(w, &w.groups)
}
func (w *world) SecurityGroup(_ context.Context, id string) (vif.SecurityGroup, error) {
	return get(w, &w.groups, groupID, id)
}
func (w *world) CreateSecurityGroup(_ context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error) {
	g.ID = w.newID()
	g.Rules = []vif.SecurityRule{{ID: w.newID(), Direction: vif.Egress, Version: 4}, {ID: w.newID(), Direction: vif.Egress, Version: 6}}
	return put(w, &w.groups, groupID, g)
}
func (w *world) UpdateSecurityGroup(_ context.Context, g vif.SecurityGroup) (vif.SecurityGroup, error) {
	return put(w, &w.groups, groupID, g)
}
func (w *world) DeleteSecurityGroup(_ context.Context, id string) error {
	w.mu.Lock()
	used := slices.ContainsFunc(w.ports, func(p vif.Port) bool { return slices.Contains(p.Groups, id) })
	w.mu.Unlock()
	if used {
		return vif.InUse.Because("Security Group %s in use.", id)
	}
	return drop(w, &w.groups, groupID, id)
}
func (w *world) AddSecurityRule(ctx context.Context, group string, r vif.SecurityRule) (vif.SecurityRule, error) {
	g, err := w.SecurityGroup(ctx, group)
	if err != nil {
		return r, err
	}
	if slices.ContainsFunc(g.Rules, func(old vif.SecurityRule) bool {
		return old.Direction == r.Direction && old.Protocol == r.Protocol && old.Version == r.Version
	}) {
		return r, vif.InUse.Because("Security group rule already exists. Rule id is %s.", g.Rules[0].ID)
	}
	r.ID = w.newID()
	g.Rules = append(slices.Clone(g.Rules), r)
	_, err = put(w, &w.groups, groupID, g)
	return r, err
}
func (w *world) DropSecurityRule(_ context.Context, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, g := range w.groups {
		if at := slices.IndexFunc(g.Rules, func(r vif.SecurityRule) bool { return r.ID == id }); at >= 0 {
			w.groups[i].Rules = slices.Delete(slices.Clone(g.Rules), at, at+1)
			return w.fail
		}
	}
	return vif.NotFound
}
func (w *world) Guard(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.guarded++
	return w.fail
}

func (w *world) DeletePort(_ context.Context, id string) error { return drop(w, &w.ports, portID, id) }
