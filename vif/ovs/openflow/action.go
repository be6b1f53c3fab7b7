package openflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Numbers of what is done with a packet (OpenFlow 1.4, sections 7.2.4 and
// 7.2.5; ovs-actions(7)).
const (
	instructionApply   = 4
	actionOutput       = 0
	actionExperimenter = 0xffff
	vendorNicira       = 0x00002320
	subtypeMove        = 6
	subtypeResubmit    = 14
	portNormal         = 0xfffffffa
	portIn16           = 0xfff8 // OFPP_IN_PORT where ports have 16 bits
)

// actions are the actions that can be encoded, by how their text begins.
var actions = []struct {
	prefix string
	append func(b []byte, rest string) ([]byte, error)
}{
	{"normal", func(b []byte, rest string) ([]byte, error) { return appendOutput(b, portNormal, rest) }},
	{"resubmit(,", appendResubmit},
	{"move:", appendMove},
}

// appendActions appends the instruction to do what text says, or, for a drop,
// none.
func appendActions(b []byte, text string) ([]byte, error) {
	if text == "drop" {
		return b, nil
	}
	start := len(b)
	b = append(b, 0, instructionApply, 0, 0, 0, 0, 0, 0)
	several := splitActions(text)
	if len(several) == 0 {
		return nil, errors.New("no actions")
	}
	for _, one := range several {
		var err error
		if b, err = appendAction(b, one); err != nil {
			return nil, err
		}
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return b, nil
}

// splitActions splits text at the commas outside of parentheses.
func splitActions(text string) []string {
	depth := 0
	return strings.FieldsFunc(text, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ',' && depth == 0
	})
}

func appendAction(b []byte, text string) ([]byte, error) {
	for _, a := range actions {
		if rest, ok := strings.CutPrefix(text, a.prefix); ok {
			return a.append(b, rest)
		}
	}
	return nil, fmt.Errorf("action %q: %w", text, ErrUnknown)
}

func appendOutput(b []byte, port uint32, rest string) ([]byte, error) {
	if rest != "" {
		return nil, fmt.Errorf("output with %q: %w", rest, ErrUnknown)
	}
	b = append(b, 0, actionOutput, 0, 16)
	b = binary.BigEndian.AppendUint32(b, port)
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0), nil
}

// appendResubmit reads what follows "resubmit(,": a table and a parenthesis.
func appendResubmit(b []byte, rest string) ([]byte, error) {
	digits, ok := strings.CutSuffix(rest, ")")
	table, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || !ok {
		return nil, fmt.Errorf("resubmit to %q: %w", rest, ErrUnknown)
	}
	b = appendNicira(b, 16, subtypeResubmit)
	b = binary.BigEndian.AppendUint16(b, portIn16)
	return append(b, byte(table), 0, 0, 0), nil
}

// appendMove reads what follows "move:". There is one such action: the port of
// 16 bits that a packet came in by, into the lower half of a register.
func appendMove(b []byte, rest string) ([]byte, error) {
	if rest != "NXM_OF_IN_PORT[]->NXM_NX_REG15[0..15]" {
		return nil, fmt.Errorf("move of %q: %w", rest, ErrUnknown)
	}
	b = appendNicira(b, 24, subtypeMove)
	for _, n := range []uint16{16, 0, 0} { // bits, and where they begin on either side
		b = binary.BigEndian.AppendUint16(b, n)
	}
	b = append(b, 0, classNXM0, 0<<1, 2)
	return append(b, 0, classNXM1, 15<<1, 4), nil
}

// appendNicira appends the head of an Open vSwitch action of that many bytes.
func appendNicira(b []byte, length, subtype uint16) []byte {
	b = binary.BigEndian.AppendUint16(b, actionExperimenter)
	b = binary.BigEndian.AppendUint16(b, length)
	b = binary.BigEndian.AppendUint32(b, vendorNicira)
	return binary.BigEndian.AppendUint16(b, subtype)
}
