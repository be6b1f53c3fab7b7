package api

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// maxRepr bounds how much of a bad value is sent back to who sent it.
const maxRepr = 2000

// str returns v as Python's str() prints it: what OpenStack's messages quote.
func str(v any) string {
	if s, ok := v.(string); ok {
		return shorten(s)
	}
	return repr(v)
}

// repr returns v, a decoded JSON value, as Python's repr() prints it.
func repr(v any) string {
	var out strings.Builder
	writeRepr(&out, v)
	return shorten(out.String())
}

func shorten(s string) string {
	if len(s) <= maxRepr {
		return s
	}
	return strings.ToValidUTF8(s[:maxRepr], "") + "..."
}

func writeRepr(out *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		out.WriteString("None")
	case bool:
		out.WriteString(map[bool]string{true: "True", false: "False"}[v])
	case json.Number:
		out.WriteString(reprNumber(v))
	case string:
		writeReprString(out, v)
	case []any:
		writeReprList(out, '[', ']', len(v), func(i int) { writeRepr(out, v[i]) })
	case object:
		writeReprList(out, '{', '}', len(v), func(i int) {
			writeReprString(out, v[i].name)
			out.WriteString(": ")
			writeRepr(out, v[i].value)
		})
	default:
		fmt.Fprint(out, v)
	}
}

func writeReprList(out *strings.Builder, open, end byte, n int, item func(int)) {
	out.WriteByte(open)
	for i := 0; i < n && out.Len() <= maxRepr; i++ { // what is more is not shown
		if i > 0 {
			out.WriteString(", ")
		}
		item(i)
	}
	out.WriteByte(end)
}

// reprNumber prints whole numbers as they are, and others as Python's floats.
func reprNumber(n json.Number) string {
	if !strings.ContainsAny(string(n), ".eE") {
		if n == "-0" {
			return "0"
		}
		return string(n)
	}
	f, err := n.Float64()
	switch size := math.Abs(f); {
	case err != nil && f > 0:
		return "inf"
	case err != nil && f < 0:
		return "-inf"
	case size != 0 && (size < 1e-4 || size >= 1e16):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func writeReprString(out *strings.Builder, s string) {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	out.WriteRune(quote)
	for _, r := range s {
		if out.Len() > maxRepr {
			break
		}
		writeReprRune(out, r, quote)
	}
	out.WriteRune(quote)
}

var pythonEscapes = map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\\': `\\`}

func writeReprRune(out *strings.Builder, r, quote rune) {
	escaped, special := pythonEscapes[r]
	switch {
	case r == quote:
		out.WriteString(`\` + string(r))
	case special:
		out.WriteString(escaped)
	case unicode.IsPrint(r):
		out.WriteRune(r)
	case r < 0x100:
		fmt.Fprintf(out, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(out, `\u%04x`, r)
	default:
		fmt.Fprintf(out, `\U%08x`, r)
	}
}
