package openflow

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// What a packet is asked for of its connection (ovs-actions(7)).
const (
	trackCommit = 1    // the connection is kept
	trackStay   = 0xff // no table to go on in
)

// appendCommit reads what follows "ct(commit,zone=": a zone and a parenthesis.
func appendCommit(b []byte, rest string) ([]byte, error) {
	digits, ok := strings.CutSuffix(rest, ")")
	zone, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || !ok {
		return nil, fmt.Errorf("a commit in zone %q: %w", rest, ErrUnknown)
	}
	return appendTracked(b, trackCommit, uint16(zone), trackStay), nil
}

// appendTrack reads what follows "ct(table=": a table, ",zone=", a zone and a
// parenthesis.
func appendTrack(b []byte, rest string) ([]byte, error) {
	digits, ok := strings.CutSuffix(rest, ")")
	first, second, _ := strings.Cut(digits, ",zone=")
	table, errTable := strconv.ParseUint(first, 10, 8)
	zone, errZone := strconv.ParseUint(second, 10, 16)
	if errTable != nil || errZone != nil || !ok || table == trackStay {
		return nil, fmt.Errorf("tracking in %q: %w", rest, ErrUnknown)
	}
	return appendTracked(b, 0, uint16(zone), byte(table)), nil
}

func appendTracked(b []byte, flags, zone uint16, table byte) []byte {
	b = appendNicira(b, 24, subtypeTrack)
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint32(b, 0) // the zone is said here
	b = binary.BigEndian.AppendUint16(b, zone)
	return append(b, table, 0, 0, 0, 0, 0) // and no helper
}

// appendSet reads what follows "set_field:". There is one such action: a number
// into the whole of register 14.
func appendSet(b []byte, rest string) ([]byte, error) {
	number, ok := strings.CutSuffix(rest, "->reg14")
	value, err := digits(number, 4)
	if err != nil || !ok {
		return nil, fmt.Errorf("setting of %q: %w", rest, ErrUnknown)
	}
	b = append(b, 0, actionSetField, 0, 16)
	b = append(b, 0, classNXM1, 14<<1, 4)
	return append(append(b, value...), 0, 0, 0, 0), nil
}

// appendConjunction reads what follows "conjunction(": a number, a comma, which
// of how many parts, and a parenthesis.
func appendConjunction(b []byte, rest string) ([]byte, error) {
	text, ok := strings.CutSuffix(rest, ")")
	first, parts, _ := strings.Cut(text, ",")
	second, third, _ := strings.Cut(parts, "/")
	id, errID := strconv.ParseUint(first, 10, 32)
	which, errWhich := strconv.ParseUint(second, 10, 8)
	of, errOf := strconv.ParseUint(third, 10, 8)
	if errID != nil || errWhich != nil || errOf != nil || !ok || which < 1 || which > of || of < 2 || of > 64 {
		return nil, fmt.Errorf("a conjunction of %q: %w", rest, ErrUnknown)
	}
	b = appendNicira(b, 16, subtypeConjunction)
	b = append(b, byte(which-1), byte(of))
	return binary.BigEndian.AppendUint32(b, uint32(id)), nil
}
