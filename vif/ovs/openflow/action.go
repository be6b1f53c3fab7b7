package openflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Numbers of what is done with a packet (OpenFlow 1.4, sections 7.2.4 and
// 7.2.5; ovs-actions(7)).
const (
	instructionApply   = 4
	actionOutput       = 0
	actionSetField     = 25
	actionExperimenter = 0xffff
	vendorNicira       = 0x00002320
	subtypeMove        = 6
	subtypeResubmit    = 14
	subtypeConjunction = 34
	subtypeTrack       = 35
	portNormal         = 0xfffffffa
	portIn16           = 0xfff8 // OFPP_IN_PORT where ports have 16 bits
	portMax            = 0xff00 // the first number that no port has
)

// actions are the actions that can be encoded, by how their text begins. A switch
// takes all alike whose text is the same up to and with free.
var actions = []struct {
	prefix string
	append func(b []byte, rest string) ([]byte, error)
	free   string
}{
	{"normal", appendNormal, ""},
	{"output:", appendOutput, "output:"},
	{"resubmit(,", appendResubmit, ""},
	{"move:", appendMove, ""},
	{"set_field:", appendSet, "set_field:"},
	{"conjunction(", appendConjunction, "conjunction("},
	{"ct(commit,zone=", appendCommit, "zone="},
	{"ct(table=", appendTrack, "zone="},
}

// appendActions appends the instruction to do what text says, or, for a drop,
// none. It returns the shape of the actions as well.
func appendActions(b []byte, text string) (encoded []byte, shape string, err error) {
	if text == "drop" {
		return b, text, nil
	}
	start := len(b)
	b = append(b, 0, instructionApply, 0, 0, 0, 0, 0, 0)
	several := splitActions(text)
	if len(several) == 0 {
		return nil, "", errors.New("no actions")
	}
	for _, one := range several {
		var its string
		if b, its, err = appendAction(b, one); err != nil {
			return nil, "", err
		}
		shape += its + ","
	}
	if len(b)-start > math.MaxInt16 {
		return nil, "", fmt.Errorf("%d actions: %w", len(several), ErrUnknown)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return b, shape, nil
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

func appendAction(b []byte, text string) (encoded []byte, shape string, err error) {
	for _, a := range actions {
		rest, ok := strings.CutPrefix(text, a.prefix)
		if !ok {
			continue
		}
		if shape = text; a.free != "" {
			shape, _, _ = strings.Cut(text, a.free)
			shape += a.free
		}
		encoded, err = a.append(b, rest)
		return encoded, shape, err
	}
	return nil, "", fmt.Errorf("action %q: %w", text, ErrUnknown)
}

func appendNormal(b []byte, rest string) ([]byte, error) {
	if rest != "" {
		return nil, fmt.Errorf("normal with %q: %w", rest, ErrUnknown)
	}
	return appendPort(b, portNormal), nil
}

// appendOutput reads what follows "output:": the number of a port.
func appendOutput(b []byte, rest string) ([]byte, error) {
	port, err := strconv.ParseUint(rest, 10, 16)
	if err != nil || port == 0 || port >= portMax {
		return nil, fmt.Errorf("output to %q: %w", rest, ErrUnknown)
	}
	return appendPort(b, uint32(port)), nil
}

func appendPort(b []byte, port uint32) []byte {
	b = append(b, 0, actionOutput, 0, 16)
	b = binary.BigEndian.AppendUint32(b, port)
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0)
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
