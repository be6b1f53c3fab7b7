package hypervisor

import (
	"sync/atomic"

	"vifd/vif"
)

// A tapTaste is whether libvirt was found to refuse taps that it did not make. Its
// version does not tell: distributions have mended it.
type tapTaste struct{ refuses atomic.Bool }

// learn takes what giving a NIC to a server came to.
func (t *tapTaste) learn(err error) {
	if err == nil || says(err, tapExists) {
		t.refuses.Store(err != nil)
	}
}

// forget is for a libvirt that may be another one.
func (t *tapTaste) forget() { t.refuses.Store(false) }

// Whole returns nil while libvirt answers and has taken the last NIC, as far as that
// is libvirt's to do; and else what is wrong.
func (h *Host) Whole() error {
	if err := h.Up(); err != nil {
		return err
	}
	if h.taps.refuses.Load() {
		return vif.Unavailable.Because("%s", noTaps)
	}
	return nil
}
