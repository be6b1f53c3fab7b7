package agent

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// decode reads text into raw. A fault is told with its place in the file, and
// an unknown key with the known one that is most like it: all else has been read then.
func decode(name string, text []byte, raw *rawConfig) (unknown, err error) {
	err = toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(raw)
	if strange, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		for _, e := range strange.Errors {
			row, _ := e.Position()
			unknown = errors.Join(unknown, fmt.Errorf("%s:%d: unknown key %s", name, row, didYouMean(strings.Join(e.Key(), "."))))
		}
		return unknown, nil
	}
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := at.Position()
		return nil, fmt.Errorf("%s:%d:%d: %s", name, row, column, inWords(at))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return nil, nil
}

// inWords says what is wrong without the names of Go: of a value that has the
// wrong type, its key and its type.
func inWords(e *toml.DecodeError) string {
	text := strings.TrimPrefix(e.Error(), "toml: ")
	what, field, ok := strings.Cut(text, " into struct field ")
	if !ok || len(e.Key()) == 0 {
		return text
	}
	_, wanted, _ := strings.Cut(field, " of type ")
	return fmt.Sprintf("%s: %s to %s", strings.Join(e.Key(), "."), what, wanted)
}

// didYouMean returns the key, and the known key that was probably meant.
func didYouMean(key string) string {
	best, least := "", 1+len(key)/3
	for _, known := range knownKeys(reflect.TypeFor[rawConfig](), "") {
		if known == key || lastPart(known) == lastPart(key) {
			best = known
			break
		}
		if d := distance(key, known); d <= least {
			best, least = known, d-1
		}
	}
	if best == "" {
		return fmt.Sprintf("%q; \"vifd config show --sample\" lists those that exist", key)
	}
	return fmt.Sprintf("%q; did you mean %q?", key, best)
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// knownKeys are the full names of all keys in t.
func knownKeys(t reflect.Type, section string) []string {
	var keys []string
	for f := range t.Fields() {
		name, inner := section+keyOf(f), f.Type
		keys = append(keys, name)
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			keys = append(keys, knownKeys(inner, name+".")...)
		}
	}
	return keys
}

// keyOf returns the key of a field.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return key
}

// distance is how many bytes to insert, delete or replace to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
