package api

import (
	"time"

	"vifd/vif"
)

// actionView is an operation as the microversion shows it, without its event.
func actionView(c *call, s vif.Server, o vif.Operation) object {
	message := any(nil)
	if o.Result == vif.Failure {
		message = "Error"
	}
	view := object{
		{"action", o.Kind}, {"instance_uuid", o.Server}, {"request_id", o.ID},
		{"user_id", o.User}, {"project_id", orElse(o.Project, s.Project)}, {"start_time", micros(o.Started)}, {"message", message},
	}
	if c.version.atLeast(58) {
		view = append(view, member{"updated_at", micros(changedAt(o))})
	}
	return view
}

func actionViews(c *call, s vif.Server, list []vif.Operation) []object {
	views := []object{}
	for _, o := range list {
		views = append(views, actionView(c, s, o))
	}
	return views
}

// eventView is what an operation did on this host. Why it failed is for admins.
func (a *API) eventView(c *call, s vif.Server, o vif.Operation) object {
	view := object{
		{"event", "compute_" + o.Kind}, {"start_time", micros(o.Started)},
		{"finish_time", micros(o.Finished)}, {"result", orNull(o.Result)},
	}
	for _, m := range []struct {
		minor int
		admin bool
		member
	}{
		{1, true, member{"traceback", orNull(o.Error)}},
		{62, true, member{"host", a.Host}},
		{62, false, member{"hostId", a.hostID(orElse(s.Project, o.Project))}},
		{84, true, member{"details", orNull(o.Error)}},
	} {
		if (c.version.atLeast(m.minor) || m.minor == 1) && (c.who.Admin || !m.admin) {
			view = append(view, m.member)
		}
	}
	return view
}

// changedAt is when an operation ended, or, while it has not, began.
func changedAt(o vif.Operation) time.Time {
	if o.Finished.IsZero() {
		return o.Started
	}
	return o.Finished
}

// micros writes a time as Nova's instance actions have it, in UTC and without
// saying so, or null for none.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000")
}
