package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// An object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// get returns the value of the member that has the name.
func (o object) get(name string) (value any, ok bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// only returns the members of o with one of the names, in the order of o.
func (o object) only(names []string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return !slices.Contains(names, m.name) })
}

// MarshalJSON writes o's members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// encode returns v as JSON in the form that OpenStack's services write: a space
// after each comma and colon, and nothing outside ASCII.
func encode(v any) ([]byte, error) {
	compact, err := marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return respace(compact), nil
}

// marshal is json.Marshal without the escapes that are for HTML.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'}), nil
}

// respace puts spaces between the tokens of compact, and escapes its strings.
func respace(compact []byte) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	for quoted := false; len(compact) > 0; {
		r, size := utf8.DecodeRune(compact)
		switch {
		case r == '\\':
			size = 2 // and what it escapes, which is never the end of the string
			out = append(out, compact[:size]...)
		case r >= 0x7f:
			out = escape(out, r)
		default:
			out = append(out, byte(r))
			quoted = quoted != (r == '"')
			if !quoted && (r == ',' || r == ':') {
				out = append(out, ' ')
			}
		}
		compact = compact[size:]
	}
	return out
}

// escape appends r as \uXXXX, in two halves where it takes two.
func escape(out []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
