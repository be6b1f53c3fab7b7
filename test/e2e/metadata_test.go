package e2e

import "encoding/xml"

// attribute returns ID and tag of the port in what virsh metadata printed.
func attribute(text, port string) (id, tag string) {
	var ports struct {
		Ports []struct {
			ID  string `xml:"id,attr"`
			Tag string `xml:"tag,attr"`
		} `xml:"port"`
	}
	if err := xml.Unmarshal([]byte(text), &ports); err != nil {
		return "", err.Error()
	}
	for _, p := range ports.Ports {
		if p.ID == port {
			return p.ID, p.Tag
		}
	}
	return "", ""
}
