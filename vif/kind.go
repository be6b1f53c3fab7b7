package vif

import (
	"errors"
	"fmt"
	"strings"
)

// A Kind is a reason that a caller can act on. It is itself an error, so that
// any package names the reason by wrapping it:
//
//	return fmt.Errorf("bridge %s: %w", name, vif.NotFound)
//
// and any other asks for it with errors.Is(err, vif.NotFound).
type Kind string

// The kinds. Each dialect of the API has one row for each of them.
const (
	Invalid     Kind = "invalid request"     // the request can never succeed as it is
	Ambiguous   Kind = "ambiguous request"   // more than one thing answers to it
	Forbidden   Kind = "forbidden"           // not by this caller
	NotFound    Kind = "not found"           // no such server, port, network or subnet
	InUse       Kind = "already in use"      // a port, an address, a MAC or a network is taken
	WrongState  Kind = "wrong state"         // the server's state, or its lock, does not allow it
	NoSlot      Kind = "no free PCIe slot"   // the server has no hot-plug slot left
	Exhausted   Kind = "no addresses left"   // a pool or a quota is used up
	Unsupported Kind = "not supported"       // this host cannot do it
	Unavailable Kind = "backend unavailable" // libvirt, Open vSwitch or the store does not answer
	Pending     Kind = "not finished yet"    // asked for, and still going on by itself
	Internal    Kind = "internal error"      // what KindOf says of an error that names no Kind
)

// Error returns the kind in words.
func (k Kind) Error() string { return string(k) }

// Because returns an error of kind k whose text may be shown to whoever asked.
// It says what is wrong and, where that is not plain, what to do about it.
func (k Kind) Because(format string, args ...any) error {
	return &reason{kind: k, text: fmt.Sprintf(format, args...)}
}

// From returns an error of kind k with the cause err, whose text is for the
// log, and the given text, which may be shown.
func (k Kind) From(err error, format string, args ...any) error {
	return &reason{kind: k, text: fmt.Sprintf(format, args...), cause: err}
}

// KindOf returns the outermost Kind in err's chain, or Internal.
func KindOf(err error) Kind {
	if k, ok := errors.AsType[Kind](err); ok {
		return k
	}
	return Internal
}

// Shown returns the part of err that may be shown to whoever asked: the text
// given to the outermost Because or From in its chain, or "" when there is none.
func Shown(err error) string {
	if r, ok := errors.AsType[*reason](err); ok {
		return r.text
	}
	return ""
}

type reason struct {
	kind  Kind
	text  string
	cause error
}

func (r *reason) Error() string {
	if r.cause == nil {
		return r.text
	}
	return strings.TrimSuffix(r.text, ".") + ": " + r.cause.Error()
}

func (r *reason) Unwrap() []error {
	if r.cause == nil {
		return []error{r.kind}
	}
	return []error{r.kind, r.cause}
}
