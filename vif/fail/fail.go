// Package fail names the places at which a test may make vifd die, hang or fail.
// They are there with the build tag failpoints only; without it At returns what
// it is given, and the compiler leaves nothing of it.
//
// The environment says where, at which time, and what: VIFD_FAIL=A6:kill dies at
// A6, A6#3:kill when it comes there for the third time, A8:kill+5ms that much
// later. term tells vifd to stop, and goes on; hang stays there for ever, error fails.
// Several are parted by commas.
package fail

// A Point is a place in the course of an attach, a detach or a start.
type Point string

// The points of an attach.
const (
	A0  Point = "A0"  // decoded and checked
	A1a Point = "A1a" // the port is claimed, and nothing noted
	A1  Point = "A1"  // noted: what will be made, and who asked for it
	A2  Point = "A2"  // there is a tap, bound to an open file
	A3  Point = "A3"  // it has alias, MTU and MAC
	A4  Point = "A4"  // it is persistent
	A5  Point = "A5"  // the transaction of the switch port is about to be sent
	A6  Point = "A6"  // it is committed
	A7  Point = "A7"  // the filter is in place
	A8  Point = "A8"  // libvirt is about to be asked
	A9  Point = "A9"  // the guest has the NIC
	A10 Point = "A10" // the definition has it too; that is after the answer
	A11 Point = "A11" // it is noted that the guest has the NIC
	A12 Point = "A12" // the tap is up
	A13 Point = "A13" // half of the answer is written
)

// The points of a detach.
const (
	D0  Point = "D0"  // checked
	D1  Point = "D1"  // noted
	D2  Point = "D2"  // the definition has no such NIC any more; that is after the guest
	D3  Point = "D3"  // the guest is asked
	D4  Point = "D4"  // waiting for it
	D5  Point = "D5"  // it has let go
	D6  Point = "D6"  // the filter is gone
	D7  Point = "D7"  // the switch port is gone
	D8  Point = "D8"  // the tap is gone
	D9  Point = "D9"  // the claim is given back, and that not noted
	D9a Point = "D9a" // nothing of it is noted any more
	D10 Point = "D10" // the answer is written, and not sent
)

// The points of a start.
const (
	R0 Point = "R0" // the store is open
	R1 Point = "R1" // the host was looked at
	R2 Point = "R2" // there is something to be done
	R3 Point = "R3" // one act of it is done
	R4 Point = "R4" // a claim without an attachment is given back
	R5 Point = "R5" // the first pass is through
)

// Attaching returns the points of an attach, Detaching those of a detach, and
// Starting those of a start, each in the order of their names.
func Attaching() []Point {
	return []Point{A0, A1a, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13}
}

// Detaching returns the points of a detach.
func Detaching() []Point { return []Point{D0, D1, D2, D3, D4, D5, D6, D7, D8, D9, D9a, D10} }

// Starting returns the points of a start.
func Starting() []Point { return []Point{R0, R1, R2, R3, R4, R5} }
