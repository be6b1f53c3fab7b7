package vif

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Tag is a device role tag: 1 to 60 characters, none of them a comma, a slash
// or a control character (Compute API 2.49), nor one that the metadata of a
// domain could not keep. The zero Tag is no tag.
type Tag string

// MaxTag is the longest tag, in characters.
const MaxTag = 60

// ParseTag returns s as a Tag, or an error of kind Invalid.
func ParseTag(s string) (Tag, error) {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", Invalid.Because("'' is too short")
	case n > MaxTag:
		return "", Invalid.Because("%q is too long: a tag has at most %d characters", s, MaxTag)
	case strings.ContainsAny(s, ",/"):
		return "", Invalid.Because("'%s' does not match '^[^,/]*$'", s)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", Invalid.Because("%q has a control character", s)
	case strings.ContainsAny(s, "\ufffd\ufffe\uffff"):
		return "", Invalid.Because("%q has a character that stands for none, and that XML cannot carry", s)
	}
	return Tag(s), nil
}
