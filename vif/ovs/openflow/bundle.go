package openflow

import (
	"context"
	"encoding/binary"
	"fmt"
)

// What is asked of a bundle, and how it is done (OpenFlow 1.4, section 7.3.9).
const (
	bundleOpen    = 0
	bundleCommit  = 4
	bundleDiscard = 6
	bundleFlags   = 1 | 2 // atomic and ordered
)

// Bundle returns when the switch has done all of mods, in their order, as one
// change that no packet sees half of; or none of them, with the reason.
//
// Open, mods, commit and a barrier go out in one write and are waited for once.
// A switch leaves out of a bundle what it cannot read and commits the rest; so
// mods of a shape that it has not taken before are sent without the commit, which
// follows when it is known that all of them are in.
func (c *Conn) Bundle(ctx context.Context, mods []FlowMod) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.bundle++; c.xid > 1<<31 {
		c.xid = 0 // so that it never runs over within a bundle
	}
	first := c.xid + 1
	b := c.control(nil, bundleOpen)
	for _, m := range mods {
		b = c.add(b, m)
	}
	if c.knows(mods) {
		return c.exchange(ctx, first, c.barrier(c.control(b, bundleCommit)))
	}
	if err := c.exchange(ctx, first, c.barrier(b)); err != nil {
		return c.discard(ctx, err)
	}
	for _, m := range mods {
		c.taken[m.shape] = true
	}
	first = c.xid + 1
	return c.exchange(ctx, first, c.barrier(c.control(nil, bundleCommit)))
}

// knows tells whether the switch has taken mods like these before.
func (c *Conn) knows(mods []FlowMod) bool {
	for _, m := range mods {
		if !c.taken[m.shape] {
			return false
		}
	}
	return true
}

// discard throws the open bundle away and returns why.
func (c *Conn) discard(ctx context.Context, why error) error {
	if !c.Alive() {
		return why
	}
	first := c.xid + 1
	if err := c.exchange(ctx, first, c.barrier(c.control(nil, bundleDiscard))); err != nil {
		c.conn.Close() // it forgets the bundle too
		return fmt.Errorf("%w (and the bundle was not discarded: %v)", why, err)
	}
	return why
}

// next returns the xid of a new request.
func (c *Conn) next() uint32 {
	c.xid++
	return c.xid
}

func (c *Conn) control(b []byte, what byte) []byte {
	body := binary.BigEndian.AppendUint32(nil, c.bundle)
	return appendMessage(b, kindBundleControl, c.next(), append(body, 0, what, 0, bundleFlags)...)
}

// add appends the request to add m, whose own xid must be that of the request.
func (c *Conn) add(b []byte, m FlowMod) []byte {
	xid := c.next()
	body := binary.BigEndian.AppendUint32(nil, c.bundle)
	body = append(body, 0, 0, 0, bundleFlags)
	return appendMessage(b, kindBundleAdd, xid, appendMessage(body, kindFlowMod, xid, m.body...)...)
}

func (c *Conn) barrier(b []byte) []byte {
	return appendMessage(b, kindBarrierRequest, c.next())
}
