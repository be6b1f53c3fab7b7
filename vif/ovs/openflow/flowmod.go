package openflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrUnknown says that a line has something in it that is not encoded here.
var ErrUnknown = errors.New("not encoded")

// A FlowMod is one line of a bundle in the form that it has on the wire.
type FlowMod struct {
	body  []byte // behind the header
	shape string // equal for two lines that a switch takes or refuses alike
}

// Commands and what stands for any (OpenFlow 1.4, section 7.3.4.1).
const (
	commandAdd    = 0
	commandDelete = 3
	anyTable      = 0xff
	anyNumber     = 0xffffffff
	defaultOrder  = 0x8000
)

// A line is the text of a FlowMod, taken apart.
type line struct {
	command            byte
	cookie, cookieMask uint64
	table              byte
	priority           uint16
	match              map[string]string // by the names in fields
	actions            string
}

// Parse encodes a line of a bundle file: "add" or "delete", a space, and a flow
// in the syntax of ovs-ofctl(8). What it does not know is ErrUnknown.
func Parse(text string) (FlowMod, error) {
	l, err := parseLine(text)
	if err != nil {
		return FlowMod{}, fmt.Errorf("flow %q: %w", text, err)
	}
	m, err := l.encode()
	if err != nil {
		return FlowMod{}, fmt.Errorf("flow %q: %w", text, err)
	}
	return m, nil
}

func parseLine(text string) (line, error) {
	directive, flow, _ := strings.Cut(text, " ")
	l := line{priority: defaultOrder, match: map[string]string{}}
	var ok bool
	switch directive {
	case "add":
		if flow, l.actions, ok = strings.Cut(flow, "actions="); !ok {
			return line{}, errors.New("no actions")
		}
	case "delete":
		l.command, l.table = commandDelete, anyTable
	default:
		return line{}, fmt.Errorf("%q: %w", directive, ErrUnknown)
	}
	names := map[string]string{}
	for item := range strings.SplitSeq(strings.Trim(flow, ", "), ",") {
		if err := l.take(item, names); err != nil {
			return line{}, err
		}
	}
	return l, l.rename(names)
}

// take reads one item of a flow; names collects what protocol words say of the
// general names.
func (l *line) take(item string, names map[string]string) (err error) {
	key, value, _ := strings.Cut(item, "=")
	switch key {
	case "priority":
		l.priority, err = parse[uint16](value, 16)
	case "table":
		l.table, err = parse[byte](value, 8)
	case "idle_timeout":
		if value != "0" {
			return fmt.Errorf("%s: %w", item, ErrUnknown)
		}
	case "cookie":
		err = l.takeCookie(value)
	default:
		if p, ok := protocols[key]; ok && value == "" {
			l.match["eth_type"] = p.etherType
			if p.ipProto != "" {
				l.match["ip_proto"] = p.ipProto
			}
			for general, name := range p.names {
				names[general] = name
			}
			return nil
		}
		l.match[key] = value
	}
	return err
}

// takeCookie reads "0x…" and, in a delete, "0x…/0x…" or "0x…/-1".
func (l *line) takeCookie(value string) (err error) {
	cookie, mask, masked := strings.Cut(value, "/")
	if masked && mask == "-1" {
		mask = "0xffffffffffffffff"
	}
	if masked {
		if l.cookieMask, err = parse[uint64](mask, 64); err != nil {
			return err
		}
	}
	l.cookie, err = parse[uint64](cookie, 64)
	return err
}

// rename gives every match its name in fields.
func (l *line) rename(names map[string]string) error {
	match := make(map[string]string, len(l.match))
	for key, value := range l.match {
		for _, other := range []map[string]string{names, aliases} {
			if name, ok := other[key]; ok {
				key = name
			}
		}
		if _, twice := match[key]; twice {
			return fmt.Errorf("%s twice", key)
		}
		match[key] = value
	}
	l.match = match
	return nil
}

func parse[T byte | uint16 | uint64](text string, bits int) (T, error) {
	n, err := strconv.ParseUint(text, 0, bits)
	return T(n), err
}

// encode returns l as a flow mod (OpenFlow 1.4, section 7.3.4.1).
func (l *line) encode() (FlowMod, error) {
	b := binary.BigEndian.AppendUint64(nil, l.cookie)
	b = binary.BigEndian.AppendUint64(b, l.cookieMask)
	b = append(b, l.table, l.command, 0, 0, 0, 0) // no timeouts
	b = binary.BigEndian.AppendUint16(b, l.priority)
	for range 3 { // no buffer, any output port and group
		b = binary.BigEndian.AppendUint32(b, anyNumber)
	}
	b = append(b, 0, 0, 0, 0) // no flags, no importance
	b, shape, err := l.appendMatch(b)
	if err != nil || l.command == commandDelete {
		return FlowMod{body: b, shape: "delete " + shape}, err
	}
	b, actions, err := appendActions(b, l.actions)
	return FlowMod{body: b, shape: fmt.Sprintf("add table %d %s%s", l.table, shape, actions)}, err
}

// appendMatch appends l's match and returns its shape as well.
func (l *line) appendMatch(b []byte) ([]byte, string, error) {
	start, left := len(b), len(l.match)
	b = append(b, 0, 1, 0, 0) // type OXM, length
	var shape strings.Builder
	for _, f := range fields {
		text, ok := l.match[f.name]
		if !ok {
			continue
		}
		left--
		at := len(b)
		var err error
		if b, err = f.append(b, text); err != nil {
			return nil, "", err
		}
		if end := at + 4; f.selects {
			fmt.Fprintf(&shape, "%x ", b[at:])
		} else {
			fmt.Fprintf(&shape, "%x ", b[at:end])
		}
	}
	if left > 0 {
		return nil, "", fmt.Errorf("a match of %v: %w", l.match, ErrUnknown)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return pad(b, start), shape.String(), nil
}
