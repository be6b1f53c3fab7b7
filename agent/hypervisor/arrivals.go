package hypervisor

import (
	"sync"
	"time"
)

// owed is how long after a call libvirt may still say what came of it. One that
// ended without a NIC has nothing to say.
const owed = time.Minute

// arrivals are the NICs that libvirt was asked to give to a guest, and of which it
// has not said yet that QEMU has them (VIR_DOMAIN_EVENT_ID_DEVICE_ADDED). It says so
// once QEMU has agreed, and returns from virDomainAttachDeviceFlags some
// milliseconds later: it lists QEMU's devices, and writes its own status file.
type arrivals struct {
	mu  sync.Mutex
	due map[string]chan struct{} // by server and alias
}

func newArrivals() *arrivals { return &arrivals{due: map[string]chan struct{}{}} }

// expect returns a channel that is closed when libvirt says that QEMU has the NIC;
// over must be called when the call has returned. The channel is nil while an
// earlier word on a NIC of that alias is due, which could be taken for this one.
func (a *arrivals) expect(server, alias string) (came <-chan struct{}, over func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := server + " " + alias
	if a.due[name] != nil {
		return nil, func() {}
	}
	mine := make(chan struct{})
	a.due[name] = mine
	return mine, func() {
		select {
		case <-mine:
		default:
			time.AfterFunc(owed, func() { a.drop(name, mine) })
		}
	}
}

// drop forgets what will not come any more.
func (a *arrivals) drop(name string, mine chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.due[name] == mine {
		delete(a.due, name)
	}
}

// added is libvirt's word.
func (a *arrivals) added(server, alias string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := server + " " + alias
	if mine := a.due[name]; mine != nil {
		delete(a.due, name)
		close(mine)
	}
}

// forget is for a new connection, which says nothing of what the last one owed.
func (a *arrivals) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.due)
}
