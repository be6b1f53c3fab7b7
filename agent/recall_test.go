package agent

import (
	"testing"

	"vifd/agent/hypervisor"
	"vifd/agent/store"
	"vifd/vif"
	"vifd/vif/ovs"
	"vifd/vif/tap"
)

// blind is an agent that sees nothing of its host but the links.
func blind(t *testing.T) *agent {
	t.Helper()
	a := withStore(t)
	var err error
	if a.taps, err = tap.Open(a.config.Taps); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.taps.Close)
	a.host = hypervisor.New("qemu:///nowhere", a.log)
	a.ovs = ovs.New(ovs.Config{Database: t.TempDir() + "/none", Index: a.taps.Index, Log: a.log})
	return a
}

// A store that was lost while libvirt was not there is still due to be given back
// when there is something in it, and for the next vifd too; one that was not is not.
func TestRecallStaysDue(t *testing.T) {
	a := blind(t)
	filled := func(tx *store.Tx) error {
		return tx.PutNetwork(vif.Network{ID: "n1", Name: "blue", Segment: vif.Segment{Bridge: "br-int", VLAN: 7}, MTU: 1500})
	}
	due := func() bool {
		t.Helper()
		due, err := (&agent{store: a.store, log: a.log}).recallIsDue(t.Context()) // the next one
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	a.recall(t.Context())
	if err := a.store.Update(t.Context(), filled); err != nil {
		t.Fatal(err)
	}
	if !a.lost || !due() {
		t.Errorf("lost: %t; due for the next: %t", a.lost, due())
	}
	a.recallAgain(t.Context()) // nothing can be seen yet
	if !a.lost || !due() {
		t.Errorf("after a look at nothing, lost: %t; due for the next: %t", a.lost, due())
	}
	if err := a.noteRecall(t.Context(), false); err != nil || due() {
		t.Errorf("given back, and due: %t, %v", due(), err)
	}
}
