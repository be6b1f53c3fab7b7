package openflow

import (
	"encoding/binary"
	"fmt"
	"io"
)

// version is OpenFlow 1.4 on the wire, the first with bundles.
const version = 5

// A kind is the type of a message (OpenFlow 1.4, section 7.1, enum ofp_type).
type kind uint8

const (
	kindHello          kind = 0
	kindError          kind = 1
	kindEchoRequest    kind = 2
	kindEchoReply      kind = 3
	kindExperimenter   kind = 4
	kindFlowMod        kind = 14
	kindBarrierRequest kind = 20
	kindBarrierReply   kind = 21
	kindBundleControl  kind = 33
	kindBundleAdd      kind = 34
)

// headerLen is the length of what every message begins with.
const headerLen = 8

// A message is what the switch sent.
type message struct {
	kind kind
	xid  uint32 // of the request that it answers
	body []byte
}

// appendMessage appends a whole message to b.
func appendMessage(b []byte, k kind, xid uint32, body ...byte) []byte {
	b = append(b, version, byte(k))
	b = binary.BigEndian.AppendUint16(b, uint16(headerLen+len(body)))
	b = binary.BigEndian.AppendUint32(b, xid)
	return append(b, body...)
}

// readMessage reads one message of any version.
func readMessage(r io.Reader) (message, error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return message{}, err
	}
	length := binary.BigEndian.Uint16(header[2:])
	if length < headerLen {
		return message{}, fmt.Errorf("OpenFlow message of %d bytes", length)
	}
	m := message{kind: kind(header[1]), xid: binary.BigEndian.Uint32(header[4:]), body: make([]byte, length-headerLen)}
	_, err := io.ReadFull(r, m.body)
	return m, err
}

// pad appends zeros to b until the length of what follows start is a multiple of 8.
func pad(b []byte, start int) []byte {
	for (len(b)-start)%8 != 0 {
		b = append(b, 0)
	}
	return b
}
