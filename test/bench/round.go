package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// A result is what one setting came to: for each contestant its attaches and its
// detaches, and vifd's own steps.
type result struct {
	name   string
	attach map[string][]time.Duration
	detach map[string][]time.Duration
	steps  map[string][]time.Duration
	order  []string // of steps
	memory memory   // of vifd, after all rounds
}

// The contestants.
const (
	byLibvirt = "libvirt alone"
	bySwitch  = "Open vSwitch alone"
	byHand    = "ip + ovs-vsctl + virsh"
	byVifd    = "vifd"
)

// tillTold is an attach by libvirt until it says that QEMU has the NIC, which vifd goes by.
const tillTold = byLibvirt + ", until it says that QEMU has the NIC"

// tillBack is a detach by vifd until the port is given back.
const tillBack = byVifd + ", until its port is given back"

var contestants = []string{byLibvirt, bySwitch, byHand, byVifd}

// measure lets the contestants take turns, each round in another order, and counts
// the rounds after warm-up.
func (b *bench) measure(ctx context.Context, name string, rounds, warm int) (*result, error) {
	r := &result{
		name: name, attach: map[string][]time.Duration{}, detach: map[string][]time.Duration{},
		steps: map[string][]time.Duration{},
	}
	turns := map[string]func(context.Context, int) (in, out time.Duration, err error){
		byLibvirt: b.libvirtTurn, bySwitch: b.switchTurn, byHand: b.handTurn, byVifd: b.vifdTurn,
	}
	for i := range warm + rounds {
		for t := range contestants {
			who := contestants[(i+t)%len(contestants)]
			if err := rest(ctx); err != nil {
				return nil, err
			}
			in, out, err := turns[who](ctx, i)
			if err != nil {
				return nil, fmt.Errorf("%s: round %d of %s: %w", name, i, who, err)
			}
			if i >= warm {
				r.attach[who] = append(r.attach[who], in)
				r.detach[who] = append(r.detach[who], out)
			}
			if i >= warm && who == byLibvirt {
				r.attach[tillTold] = append(r.attach[tillTold], b.told)
			}
			if i >= warm && who == byVifd {
				r.detach[tillBack] = append(r.detach[tillBack], b.back)
			}
		}
		if i >= warm {
			if err := errors.Join(rest(ctx), b.split(ctx, r)); err != nil {
				return nil, fmt.Errorf("%s: steps of round %d: %w", name, i, err)
			}
		}
	}
	var err error
	if r.memory, err = atRest(ctx, os.Getenv("VIFD_SOCKET")); err != nil {
		return nil, fmt.Errorf("%s: memory: %w", name, err)
	}
	return r, nil
}
