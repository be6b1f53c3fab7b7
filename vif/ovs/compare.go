package ovs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vifd/vif"
)

// Rules compares the flows of ours that the bridge has with those that Filter
// would put there for the NICs. It asks the bridge for all of its flows.
func (s *Switch) Rules(ctx context.Context, name string, nics []vif.NIC) (vif.Rules, error) {
	b, err := s.ready(ctx, name)
	if err != nil {
		return vif.Rules{}, err
	}
	owner, lines := map[uint64]string{}, new(strings.Builder)
	if s.leads(name) {
		lines.WriteString(text(baseCookie, baseFlows()))
	}
	for _, n := range nics {
		owner[vif.Cookie(n.Port.ID)] = n.Port.ID
		if flows, err := flowsFor(n); err == nil { // Filter says why not
			lines.WriteString(text(vif.Cookie(n.Port.ID), flows))
		}
	}
	odd, err := b.odd(ctx, lines.String())
	if err != nil {
		return vif.Rules{}, vif.Unavailable.From(err, "Open vSwitch does not say which flows bridge %s has", name)
	}
	return judge(odd, owner, s.secured(name)), nil
}

// leads tells whether the bridge has base flows of ours.
func (s *Switch) leads(name string) bool {
	row := s.db.view().bridge(name)
	return row != nil && row.ExternalIDs[keyBase] != ""
}

// secured tells whether nobody undid what makes a bridge of ours fail closed.
func (s *Switch) secured(name string) bool {
	row := s.db.view().bridge(name)
	return row == nil || row.ExternalIDs[keyBase] == "" || or(row.FailMode) == "secure"
}

// judge sorts cookies of flows that are missing, or that should not be there.
func judge(odd []uint64, owner map[uint64]string, base bool) vif.Rules {
	r := vif.Rules{Base: base, Astray: map[string]bool{}}
	for _, cookie := range odd {
		switch port, known := owner[cookie]; {
		case cookie == baseCookie:
			r.Base = false
		case known:
			r.Astray[port] = true
		default:
			r.Strays = append(r.Strays, cookie)
		}
	}
	return r
}

// text returns the flows as the lines of a file for ovs-ofctl.
func text(cookie uint64, flows []*ovs.Flow) (lines string) {
	keep := func(_ context.Context, bundle string) error {
		lines = bundle
		return nil
	}
	if err := bundle(context.Background(), "", cookie, flows, keep); err != nil {
		return ""
	}
	var adds []string
	for line := range strings.Lines(lines) {
		if flow, ok := strings.CutPrefix(line, "add "); ok {
			adds = append(adds, flow)
		}
	}
	return strings.Join(adds, "")
}

// odd returns the cookies of ours by which the bridge's flows differ from the
// lines, each once. ovs-ofctl compares them as the switch understands them.
func (b *bridge) odd(ctx context.Context, lines string) ([]uint64, error) {
	out, err := run(ctx, strings.NewReader(lines), "ovs-ofctl", protocolFlag, "diff-flows", b.target(), "/dev/stdin")
	if e, ended := errors.AsType[*exec.ExitError](err); err != nil && !(ended && e.ExitCode() == differ) {
		return nil, err
	}
	return unpaired(out), nil
}

// unpaired returns the cookies of ours in lines of diff-flows that stand for a
// difference. Masked matches, such as nw_frag=yes, it prints as missing here and
// there, in the same words.
func unpaired(diff []byte) (odd []uint64) {
	sides := map[string]int{}
	for s := bufio.NewScanner(bytes.NewReader(diff)); s.Scan(); {
		if flow, missing := strings.CutPrefix(s.Text(), "+"); missing {
			sides[flow]++
		} else {
			sides[strings.TrimPrefix(flow, "-")]--
		}
	}
	for flow, n := range sides {
		if c := cookieOf(flow); n != 0 && c&cookieMask == cookieMark {
			odd = append(odd, c)
		}
	}
	slices.Sort(odd)
	return slices.Compact(odd)
}

// differ is how ovs-ofctl diff-flows ends when it has found differences.
const differ = 2

// cookieOf reads the cookie in a line of diff-flows. No cookie is 0.
func cookieOf(line string) uint64 {
	_, rest, _ := strings.Cut(line, "cookie=0x")
	digits, _, _ := strings.Cut(rest, " ")
	digits, _, _ = strings.Cut(digits, ",")
	n, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return 0
	}
	return n
}

// Lay puts the bridge's base flows back, where it has them of us.
func (s *Switch) Lay(ctx context.Context, name string) error {
	b, err := s.ready(ctx, name)
	if err != nil {
		return err
	}
	row := s.db.view().bridge(name)
	if row == nil || row.ExternalIDs[keyBase] == "" {
		return nil
	}
	return s.lay(ctx, b, row)
}

// Purge takes the flows of a cookie of ours away.
func (s *Switch) Purge(ctx context.Context, name string, cookie uint64) error {
	if cookie&cookieMask != cookieMark || cookie == baseCookie {
		return vif.Invalid.Because("the cookie %#x is no port's", cookie)
	}
	b, err := s.ready(ctx, name)
	if err != nil {
		return err
	}
	return b.replace(ctx, cookie, nil)
}
