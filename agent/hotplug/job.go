package hotplug

import (
	"vifd/agent/store"
	"vifd/vif"
)

// A job is one NIC of an attach, and how far it has come.
type job struct {
	vif.Request
	op   *operation
	a    store.Attachment // once it is noted
	free func()           // gives the port's lock up
}

// jobs returns a job for each request. Whoever asks again for all of them has
// to find all of their operations.
func (e *Engine) jobs(rs []vif.Request) (jobs []*job) {
	var ids []string
	for _, r := range rs {
		ids = append(ids, r.Operation)
	}
	for _, r := range rs {
		r.Once = rs[0].Once
		op := e.begin(vif.AttachInterface, r)
		op.with = ids
		jobs = append(jobs, &job{Request: r, op: op, free: func() {}})
	}
	return jobs
}
