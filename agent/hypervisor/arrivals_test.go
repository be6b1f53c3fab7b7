package hypervisor

import (
	"testing"
	"testing/synctest"
	"time"
)

// is tells whether libvirt has said that it has come.
func is(came <-chan struct{}) bool {
	select {
	case <-came:
		return true
	default:
		return false
	}
}

// libvirt's word is for the call that it is about, and for no later one.
func TestArrivals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newArrivals()
		came, over := a.expect("s", "nic")
		other, otherOver := a.expect("s2", "nic")
		a.added("s", "another")
		if is(came) || is(other) {
			t.Error("it came, by word of another")
		}
		a.added("s", "nic")
		a.added("s", "nic") // somebody's by hand
		if !is(came) || is(other) {
			t.Errorf("it came: %v, the other server's: %v", is(came), is(other))
		}
		over()
		otherOver()

		came, over = a.expect("s", "nic")
		over() // and libvirt has not said yet that it came
		again, againOver := a.expect("s", "nic")
		if again != nil {
			t.Error("what is due for the first could be taken for the second")
		}
		a.added("s", "nic")
		if !is(came) {
			t.Error("it never came")
		}
		againOver()

		came, over = a.expect("s", "nic")
		a.forget()
		if over(); is(came) || len(a.due) > 0 {
			t.Errorf("after a new connection it is due still: %v", a.due)
		}
		_, over = a.expect("s", "refused")
		over()
		time.Sleep(owed)
		synctest.Wait()
		if len(a.due) > 0 {
			t.Errorf("it is due for ever: %v", a.due)
		}
	})
}
