package vif

// A Link is whether a guest sees a carrier on its NIC. The zero Link is up.
type Link string

// The links.
const (
	LinkUp   Link = "up"
	LinkDown Link = "down"
)

// Up tells whether l is up.
func (l Link) Up() bool { return l != LinkDown }

// MarshalText writes the zero Link as what it is.
func (l Link) MarshalText() ([]byte, error) {
	if l == "" {
		l = LinkUp
	}
	return []byte(l), nil
}
