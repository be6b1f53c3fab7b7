package api

import (
	"encoding/json"
	"time"
)

// These read members of an object that has passed its schema. A member that is
// not there, or is null, is what the caller says instead.

func text(o object, name, instead string) string {
	if s, ok := value(o, name).(string); ok {
		return s
	}
	return instead
}

func flag(o object, name string, instead bool) bool {
	if b, ok := value(o, name).(bool); ok {
		return b
	}
	return instead
}

func whole(o object, name string, instead int) int {
	n, ok := value(o, name).(json.Number)
	if !ok {
		return instead
	}
	i, _ := n.Int64() // its schema has bounds
	return int(i)
}

// choice returns the flag, or nil where there is none.
func choice(o object, name string) *bool {
	if b, ok := value(o, name).(bool); ok {
		return &b
	}
	return nil
}

// texts returns the strings of a list: nil where there is no list.
func texts(o object, name string) []string {
	list, ok := value(o, name).([]any)
	if !ok {
		return nil
	}
	out := make([]string, 0, len(list))
	for _, v := range list {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

// parts returns the objects of a list, likewise.
func parts(o object, name string) []object {
	list, ok := value(o, name).([]any)
	if !ok {
		return nil
	}
	out := make([]object, 0, len(list))
	for _, v := range list {
		part, _ := v.(object)
		out = append(out, part)
	}
	return out
}

func value(o object, name string) any {
	v, _ := o.get(name)
	return v
}

// inner returns the object that is o's member, or an empty one.
func inner(body any, name string) object {
	o, _ := body.(object)
	in, _ := value(o, name).(object)
	return in
}

// stamp writes a time as OpenStack does, in UTC, or null for none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
