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
	maxValues = 8192
)

var errMalformed = errors.New("not one JSON value in UTF-8, or one that is nested too deep or has too many parts")

// A bounded decoder gives up when it has read so many values.
type bounded struct {
	*json.Decoder
	left int
}

// decode returns the JSON value that body holds: nil, bool, json.Number, string,
// []any or object. No body at all is nil. Of members with one name the last
// counts.
func decode(body []byte) (any, error) {
	if len(body) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, errMalformed
	}
	d := &bounded{json.NewDecoder(bytes.NewReader(body)), maxValues}
	d.UseNumber()
	v, err := decodeValue(d, maxDepth)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed
	}
	return v, nil
}

func decodeValue(d *bounded, depth int) (any, error) {
	t, err := d.Token()
	d.left--
	if err != nil || depth == 0 || d.left < 0 {
		return nil, errors.Join(errMalformed, err)
	}
	switch t {
	case json.Delim('{'):
		return decodeObject(d, depth-1)
	case json.Delim('['):
		return decodeArray(d, depth-1)
	}
	return t, nil
}

func decodeObject(d *bounded, depth int) (any, error) {
	o, at := object{}, map[string]int{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errors.Join(errMalformed, err)
		}
		v, err := decodeValue(d, depth)
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

func decodeArray(d *bounded, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}
