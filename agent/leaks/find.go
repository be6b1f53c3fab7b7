package leaks

import (
	"cmp"
	"slices"

	"vifd/vif"
)

// Find returns all that is wrong with the world. What is on its way in or out is
// not. Nothing that a server may hold is called a stray while the servers cannot
// be looked at, nor while one of them has a NIC of its port: guest first.
func Find(w World) (found []vif.Leak) {
	i := indexed(w)
	for _, check := range []func(*index) []vif.Leak{
		strayNICs, strayMetadata, strayDevices, strayTaps, straySwitchPorts, strayFlows, strayClaims,
		taps, switchPorts, flows, nics, definitions, bindings, addresses,
	} {
		found = append(found, check(i)...)
	}
	slices.SortFunc(found, func(a, b vif.Leak) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Server, b.Server))
	})
	return found
}

// Both returns what is in both: what only one of two looks has seen was on its way.
func Both(one, other []vif.Leak) (both []vif.Leak) {
	seen := map[vif.Leak]bool{}
	for _, l := range one {
		seen[l] = true
	}
	for _, l := range other {
		if seen[l] {
			both = append(both, l)
		}
	}
	return both
}
