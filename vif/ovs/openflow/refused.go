package openflow

import (
	"encoding/binary"
	"fmt"
)

// A Refused is the switch's refusal of a message (OFPT_ERROR).
type Refused struct {
	Type, Code uint16 // OpenFlow 1.4, section 7.5.4
}

// classes are the error types that a bundle of flows can meet.
var classes = map[uint16]string{
	0:  "hello failed",
	1:  "bad request",
	2:  "bad action",
	3:  "bad instruction",
	4:  "bad match",
	5:  "flow mod failed",
	17: "bundle failed",
}

// Error names the class of the refusal and its numbers.
func (r Refused) Error() string {
	class, ok := classes[r.Type]
	if !ok {
		class = "error"
	}
	return fmt.Sprintf("the switch refused the flows: %s (OpenFlow error type %d, code %d)", class, r.Type, r.Code)
}

// refusal reads an error message.
func refusal(m message) error {
	if len(m.body) < 4 {
		return fmt.Errorf("OpenFlow error message of %d bytes", len(m.body))
	}
	return Refused{Type: binary.BigEndian.Uint16(m.body), Code: binary.BigEndian.Uint16(m.body[2:])}
}
