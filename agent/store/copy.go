package store

import (
	"errors"
	"fmt"

	"vifd/vif"
)

// A Copy is what is in a store, or a part of it, in the form that is exported,
// kept beside the store for each server, and taken in again by Adopt.
type Copy struct {
	Format      int             `json:"format"` // CopyFormat
	Networks    []vif.Network   `json:"networks"`
	Subnets     []vif.Subnet    `json:"subnets"`
	Ports       []vif.Port      `json:"ports"`
	Attachments []Attachment    `json:"attachments"`
	Operations  []vif.Operation `json:"operations,omitempty"`

	Groups []vif.SecurityGroup `json:"security_groups,omitempty"`
}

// CopyFormat is the form of the copies that this vifd writes and reads. It
// changes when a member changes its meaning or goes.
const CopyFormat = 1

// Copy returns all that is kept, without answers, events and what is counted.
func (tx *Tx) Copy() (Copy, error) {
	c := Copy{Format: CopyFormat}
	var errs [6]error
	c.Networks, errs[0] = tx.Networks()
	c.Subnets, errs[1] = tx.Subnets()
	c.Ports, errs[2] = tx.Ports()
	c.Attachments, errs[3] = tx.Attachments()
	c.Operations, errs[4] = tx.Operations()
	c.Groups, errs[5] = tx.SecurityGroups()
	return c.listed(), errors.Join(errs[:]...)
}

// listed returns c with empty lists for those that are not there: in JSON they
// are no null.
func (c Copy) listed() Copy {
	c.Networks, c.Subnets = append([]vif.Network{}, c.Networks...), append([]vif.Subnet{}, c.Subnets...)
	c.Ports, c.Attachments = append([]vif.Port{}, c.Ports...), append([]Attachment{}, c.Attachments...)
	return c
}

// CopyOf returns a server's attachments with the networks, subnets and security
// groups that they need.
func (tx *Tx) CopyOf(server string) (Copy, error) {
	c := Copy{Format: CopyFormat}
	rows, err := tx.AttachmentsOf(server)
	c.Attachments = rows
	had := map[string]bool{}
	for _, a := range rows {
		id := a.NIC.Port.Network
		if had[id] || err != nil {
			continue
		}
		had[id] = true
		err = tx.copyNetwork(&c, id)
	}
	for _, a := range rows {
		for _, id := range a.NIC.Port.Groups {
			err = errors.Join(err, tx.copyGroup(&c, id))
		}
	}
	return c, err
}

// copyNetwork adds a network to c. An attachment may outlive its network.
func (tx *Tx) copyNetwork(c *Copy, id string) error {
	n, err := tx.Network(id)
	if errors.Is(err, vif.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	subnets, err := tx.SubnetsOf(id)
	c.Networks, c.Subnets = append(c.Networks, n), append(c.Subnets, subnets...)
	return err
}

// Adopt puts in what c has and the store lacks, and returns what that was. What
// is there stays as it is; what does not go with it, as an address that another
// port has by now, is left out and named.
func (tx *Tx) Adopt(c Copy) (taken Copy, left []string, err error) {
	if c.Format != CopyFormat {
		return taken, nil, vif.Unsupported.Because("A copy has the format %d, and this vifd reads %d.", c.Format, CopyFormat)
	}
	a := &adoption{tx: tx}
	taken.Groups = a.adoptGroups(c)
	adopt(a, c.Networks, &taken.Networks, "network", func(n vif.Network) string { return n.ID }, tx.Network, tx.PutNetwork)
	adopt(a, c.Subnets, &taken.Subnets, "subnet", func(s vif.Subnet) string { return s.ID }, tx.Subnet, tx.PutSubnet)
	adopt(a, c.Ports, &taken.Ports, "port", func(p vif.Port) string { return p.ID }, tx.Port, tx.PutPort)
	adopt(a, c.Attachments, &taken.Attachments, "attachment", func(t Attachment) string { return t.NIC.Port.ID }, tx.Attachment, tx.putFound)
	taken.Format = CopyFormat
	return taken, a.left, tx.broken
}

// putFound keeps an attachment that was found, below all generations to come.
func (tx *Tx) putFound(a Attachment) error {
	if err := tx.RaiseGen(a.NIC.Gen); err != nil {
		return err
	}
	return tx.PutAttachment(a)
}

type adoption struct {
	tx   *Tx
	left []string
}

// adopt puts in those of list that get does not find.
func adopt[T any](a *adoption, list []T, taken *[]T, what string, id func(T) string, get func(string) (T, error), put func(T) error) {
	for _, t := range list {
		if _, err := get(id(t)); !errors.Is(err, vif.NotFound) {
			continue
		}
		if err := put(t); err != nil {
			a.left = append(a.left, fmt.Sprintf("%s %s: %v", what, id(t), err))
			continue
		}
		*taken = append(*taken, t)
	}
}
