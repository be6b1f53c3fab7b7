package main

import (
	"slices"
	"strings"

	"vifd/agent/api/client"
)

// places are the values of a flag that says where an interface goes. Several
// such flags fill one list, in the order of the command line.
type places struct {
	all   *[]client.NewAttachment
	take  func(place string) client.NewAttachment
	given []string
}

func toNetwork(place string) client.NewAttachment { return client.NewAttachment{Network: place} }
func toPort(place string) client.NewAttachment    { return client.NewAttachment{Port: place} }

func (p *places) Set(place string) error {
	p.given = append(p.given, place)
	*p.all = append(*p.all, p.take(place))
	return nil
}

// String is "" as well where one of several places is.
func (p *places) String() string {
	if slices.Contains(p.given, "") {
		return ""
	}
	return strings.Join(p.given, ",")
}

func (p *places) Type() string { return "string" }
