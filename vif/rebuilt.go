package vif

// Rebuilt says what a lost store was given back.
type Rebuilt struct {
	Networks    int      `json:"networks"`
	Subnets     int      `json:"subnets"`
	Ports       int      `json:"ports"`
	Attachments int      `json:"attachments"`
	Groups      int      `json:"security_groups"`
	Left        []string `json:"left,omitempty"` // what was found and could not be taken in, and why
	From        []string `json:"from,omitempty"` // the files that were read
}

// Any tells whether anything was found.
func (r Rebuilt) Any() bool {
	return r.Networks+r.Subnets+r.Ports+r.Attachments+r.Groups+len(r.Left) > 0
}
