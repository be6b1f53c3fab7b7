package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// How deep a body may be nested, and how many values it may have; ours need six,
// and the largest batch some 3,000. To read one costs a hundred times what it
// costs to send it.
const (
	maxDepth  = 32
	maxValues = 4096
)

var errMalformed = errors.New("not one JSON value in UTF-8, or one that is nested too deep or has too many parts")

// decode returns the JSON value that body holds: nil, bool, json.Number, string,
// []any or object. No body at all is nil. Of members with one name the last
// counts.
func decode(body []byte) (any, error) {
	if len(body) == 0 {
		return nil, nil
	}
	if !modest(body) || !utf8.Valid(body) || !json.Valid(body) {
		return nil, errMalformed
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := decodeValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed
	}
	return v, nil
}

// modest tells whether body is nested and has values as one may be and have. It
// counts, which is cheap: what is not JSON at all is for others to find.
func modest(body []byte) bool {
	values, depth := 1, 0
	var last byte // but blanks
	for i := 0; i < len(body) && values <= maxValues+1 && depth <= maxDepth; i++ {
		b := body[i]
		switch b {
		case '"':
			i = afterString(body, i)
		case '[', '{':
			values++
			depth++
		case ']', '}':
			depth--
			if last == '[' || last == '{' {
				values-- // there was none in it
			}
		case ',':
			values++
		case ' ', '\t', '\r', '\n':
			continue
		}
		last = b
	}
	return values <= maxValues && depth <= maxDepth
}

// afterString returns where the string ends that begins at i.
func afterString(body []byte, i int) int {
	for i++; i < len(body) && body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i
}

func decodeValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errors.Join(errMalformed, err)
	}
	switch t {
	case json.Delim('{'):
		return decodeObject(d)
	case json.Delim('['):
		return decodeArray(d)
	}
	return t, nil
}

func decodeObject(d *json.Decoder) (any, error) {
	o, at := object{}, map[string]int{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errors.Join(errMalformed, err)
		}
		v, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		m := member{name.(string), v}
		if i, again := at[m.name]; again {
			o[i] = m
			continue
		}
		at[m.name] = len(o)
		o = append(o, m)
	}
	_, err := d.Token()
	return o, err
}

func decodeArray(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		v, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}
