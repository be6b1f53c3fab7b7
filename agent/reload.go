package agent

import (
	"context"
	"reflect"
	"slices"

	"vifd/systemd"
)

// reloads reads the configuration again whenever it is asked to, until ctx ends.
func (a *agent) reloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.Hangup:
		}
		ready := a.pulse.ready.Load() // else the first pass says it
		if ready {
			a.warn("systemd", systemd.Reloading())
		}
		a.reload()
		if ready {
			a.warn("systemd", systemd.Ready())
		}
	}
}

// reload puts in force what can be, and says what needs a restart. A
// configuration that is wrong changes nothing.
func (a *agent) reload() {
	c, err := a.Load()
	if err != nil {
		a.log.Error("the configuration stays as it was: the new one is wrong", "err", err)
		return
	}
	var now, later []string
	for _, key := range differing(reflect.ValueOf(a.config.raw), reflect.ValueOf(c.raw), "") {
		if slices.Contains(reloaded, key) {
			now = append(now, key)
		} else {
			later = append(later, key)
		}
	}
	a.adopt(c)
	for _, k := range a.keys {
		k.again()
	}
	a.log.Info("the configuration was read again", "changed", now, "needs_restart", later)
}

// reloaded are the keys that adopt puts in force.
var reloaded = []string{"log_level", "limits.connections", "limits.connections_per_user"}

func (a *agent) adopt(c Config) {
	if a.Level != nil {
		a.Level.Set(c.LogLevel)
	}
	a.api.Adjust(fitting(c.API))
	was := &a.config.raw
	was.LogLevel, was.Limits.Connections, was.Limits.ConnectionsPerUser =
		c.raw.LogLevel, c.raw.Limits.Connections, c.raw.Limits.ConnectionsPerUser
}

// differing returns the full names of the keys in which two configurations differ.
func differing(old, new reflect.Value, section string) (keys []string) {
	for field, was := range old.Fields() {
		is, name := new.FieldByIndex(field.Index), section+keyOf(field)
		switch {
		case field.Type.Kind() == reflect.Struct:
			keys = append(keys, differing(was, is, name+".")...)
		case !reflect.DeepEqual(was.Interface(), is.Interface()):
			keys = append(keys, name)
		}
	}
	return keys
}
