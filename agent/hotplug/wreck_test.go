package hotplug

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"vifd/agent/store"
	"vifd/vif"
)

// wreck does to the host what hands, crashes and other programs may do.
func (l *lab) wreck(t *rapid.T, rows []store.Attachment) {
	for range rapid.IntRange(0, 8).Draw(t, "wrecks") {
		if len(rows) > 0 && rapid.Bool().Draw(t, "of ours") {
			l.harm(rapid.SampledFrom(rows).Draw(t, "whose").NIC, rapid.SampledFrom(harms).Draw(t, "harm"))
			continue
		}
		l.litter(rapid.SampledFrom(litters).Draw(t, "litter"), rapid.IntRange(0, 3).Draw(t, "which"))
	}
}

var harms = []string{
	"tap deleted", "tap made again", "tap down", "MTU", "older tap", "row deleted", "row written", "row of an older device",
	"flows deleted", "flows wrong", "NIC out", "NIC out of the definition", "another MAC", "metadata gone",
	"stopped", "started", "undefined", "second row", "second tap",
}

// harm breaks something of n.
func (l *lab) harm(n vif.NIC, what string) {
	tap, row, s := l.taps[n.Tap], l.rows[n.Tap], l.servers[n.Server]
	_, there := l.servers[n.Server]
	_, has := l.taps[n.Tap]
	switch what {
	case "tap deleted":
		delete(l.taps, n.Tap)
	case "tap made again":
		l.made++
		l.taps[n.Tap] = vif.Tap{Name: n.Tap, Index: l.made, Port: n.Port.ID, Gen: n.Gen, MTU: 1500, Up: true}
	case "tap down", "MTU", "older tap":
		tap.Up, tap.MTU = tap.Up && what != "tap down", map[bool]int{true: 1400, false: 1500}[what == "MTU"]
		if what == "older tap" {
			tap.Gen--
		}
		if has {
			l.taps[n.Tap] = tap
		}
	case "row deleted":
		delete(l.rows, n.Tap)
	case "row written":
		l.drift[n.Port.ID] = true
	case "row of an older device":
		if row.Index = 999; row.Port != "" {
			l.rows[n.Tap] = row
		}
	case "flows deleted":
		delete(l.flows, vif.Cookie(n.Port.ID))
	case "flows wrong":
		l.flows[vif.Cookie(n.Port.ID)] = "wrong"
	case "second row":
		l.rows["vt2"+n.Tap] = vif.SwitchPort{Name: "vt2" + n.Tap, Bridge: "br-int", Port: n.Port.ID, Gen: n.Gen - 1}
	case "second tap":
		l.made++
		l.taps["vt2"+n.Tap] = vif.Tap{Name: "vt2" + n.Tap, Index: l.made, Port: n.Port.ID, Gen: n.Gen}
	case "undefined":
		delete(l.servers, n.Server)
		return
	}
	if there {
		l.servers[n.Server] = s.harm(n, what)
	}
}

// harm breaks something of n in its server.
func (s server) harm(n vif.NIC, what string) server {
	alias := n.DeviceAlias()
	switch what {
	case "NIC out":
		s.NICs = without(s.NICs, alias)
		delete(s.holds, alias)
	case "NIC out of the definition":
		s.defined = without(s.defined, alias)
	case "another MAC":
		if x, is := s.NIC(alias); is {
			x.MAC = "fa:16:3e:ff:ff:ff"
			s.NICs = append(without(s.NICs, alias), x)
		}
	case "metadata gone":
		s.Noted = slices.DeleteFunc(slices.Clone(s.Noted), func(p string) bool { return p == n.Port.ID })
	case "stopped":
		if s.Live {
			return s.off()
		}
	case "started":
		if !s.Live {
			s.Live, s.State, s.defined = true, vif.ServerActive, slices.Clone(s.NICs)
		}
	}
	return s
}

// off is s when its guest has ended.
func (s server) off() server {
	s.Live, s.State, s.NICs, s.defined = false, vif.ServerStopped, s.defined, nil
	clear(s.holds)
	return s
}

var litters = []string{"tap", "row", "flows", "NIC", "known NIC", "metadata", "claim", "base", "foreign tap", "foreign row", "foreign flows"}

// litter leaves something that nobody owns, or that is not ours.
func (l *lab) litter(what string, which int) {
	port := fmt.Sprintf("%08x-0000-4000-8000-0000000000ff", 0x100+which)
	id := fmt.Sprintf("0000000%d-0000-4000-8000-00000000000a", which%2)
	s, there := l.servers[id]
	n := vif.NIC{Port: vif.Port{ID: port, MAC: "fa:16:3e:00:01:00", MTU: 1500}, Tap: vif.TapName(port, 1), Gen: 3, Server: id}
	switch what {
	case "tap":
		l.made++
		l.taps[n.Tap] = vif.Tap{Name: n.Tap, Index: l.made, Port: port, Gen: 3}
	case "row":
		l.rows[n.Tap] = l.row(n)
	case "flows":
		l.flows[vif.Cookie(port)] = "stray"
	case "claim":
		l.held[port] = vif.Port{ID: port, Device: id, Claim: 77, MAC: fmt.Sprint(which)}
	case "base":
		l.base = false
	case "foreign tap":
		l.made++
		l.taps[fmt.Sprint("eth", which)] = vif.Tap{Name: fmt.Sprint("eth", which), Index: l.made}
	case "foreign row":
		l.rows[fmt.Sprint("eth", which)] = vif.SwitchPort{Name: fmt.Sprint("eth", which)}
	case "foreign flows":
		l.flows[uint64(1+which)] = "foreign"
	}
	if !there {
		return
	}
	if _, is := s.NIC(n.DeviceAlias()); !is && (what == "NIC" || what == "known NIC") {
		s.NICs = append(s.NICs, shown(n))
	}
	if what == "known NIC" || what == "metadata" {
		s.Noted = append(slices.Clone(s.Noted), port)
	}
	l.servers[id] = s
}

// foreign prints what is not ours.
func (l *lab) foreign() string {
	return l.lines(func(line string) bool {
		return strings.Contains(line, `of ""`) || strings.HasPrefix(line, "flows ") && len(strings.Fields(line)[1]) < 3
	})
}

// nobodys prints the taps, rows and flows that nobody owns, ever did, or will.
func (l *lab) nobodys() string {
	return l.lines(func(line string) bool {
		if strings.HasPrefix(line, "tap ") || strings.HasPrefix(line, "row ") {
			return strings.Contains(line, "0000000000ff")
		}
		for which := range 4 {
			cookie := vif.Cookie(fmt.Sprintf("%08x-0000-4000-8000-0000000000ff", 0x100+which))
			if strings.HasPrefix(line, fmt.Sprintf("flows %x ", cookie)) {
				return true
			}
		}
		return false
	})
}

func (l *lab) lines(wanted func(string) bool) string {
	var lines []string
	for line := range strings.Lines(l.String()) {
		if wanted(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
