package openflow

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What cannot be said is refused, and never said in part.
func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"",
		"modify priority=1,actions=drop",
		"add priority=1",
		"add priority=70000,actions=drop",
		"add priority=1,idle_timeout=5,actions=drop",
		"add priority=1,cookie=x,actions=drop",
		"add priority=1,ct_state=,actions=drop",
		"add priority=1,ct_state=trk,actions=drop",
		"add priority=1,ct_state=+trk-trk,actions=drop",
		"add priority=1,ct_state=+tracked,actions=drop",
		"add priority=1,ct_mark=1,actions=drop",
		"add priority=1,conj_id=0x100000000,actions=drop",
		"add priority=1,ct_state=+trk-inv,ct_nw_src=fd00::1,actions=drop",
		"add priority=1,dl_dst=fa:16:3e:00:00:01/ff:ff,actions=drop",
		"add priority=1,dl_dst=01:00:00:00:00:01/01:00:00:00:00:00,actions=drop",
		"add priority=1,tp_src=67,actions=drop",
		"add priority=1,ip,nw_src=10.0.0.1/33,actions=drop",
		"add priority=1,ip,nw_src=fe80::1,actions=drop",
		"add priority=1,ip,nw_src=10.0.0.0/0,actions=drop",
		"add priority=1,ip,nw_src=10.0.0.1/8,actions=drop",
		"add priority=1,ipv6,ipv6_src=10.0.0.1,actions=drop",
		"add priority=1,dl_src=fa:16:3e,actions=drop",
		"add priority=1,dl_src=00:00:00:00:00:00:00:01,actions=drop",
		"add priority=1,dl_src=fa:16:3e:00:00:01,eth_src=fa:16:3e:00:00:01,actions=drop",
		"add priority=1,vlan_tci=0x1000/0x0fff,actions=drop",
		"add priority=1,vlan_tci=0x10000,actions=drop",
		"add priority=1,ip,ip_frag=never,actions=drop",
		"add priority=1,reg3=1,actions=drop",
		"add priority=1,actions=",
		"add priority=1,actions=output:0",
		"add priority=1,actions=output:65280",
		"add priority=1,actions=output:NXM_NX_REG0[]",
		"add priority=1,ip,actions=ct(commit)",
		"add priority=1,ip,actions=ct(commit,zone=65536)",
		"add priority=1,ip,actions=ct(commit,zone=5,force)",
		"add priority=1,ip,actions=ct(table=255,zone=5)",
		"add priority=1,ip,actions=ct(table=4)",
		"add priority=1,actions=set_field:0x5->reg0",
		"add priority=1,actions=set_field:0x100000000->reg14",
		"add priority=1,actions=conjunction(1,0/2)",
		"add priority=1,actions=conjunction(1,3/2)",
		"add priority=1,actions=conjunction(1,1/2",
		"add priority=1,actions=ct_clear",
		"add priority=1,actions=normal,drop",
		"add priority=1,actions=normality",
		"add priority=1,actions=resubmit(,300)",
		"add priority=1,actions=resubmit(5,1)",
		"add priority=1,actions=move:NXM_OF_IN_PORT[]->NXM_NX_REG3[0..15]",
	} {
		if m, err := Parse(text); err == nil {
			t.Errorf("%q is %x", text, m.body)
		}
	}
}

// Two lines that a switch might not take alike do not have the same shape.
func TestShapes(t *testing.T) {
	shapes := map[string]string{}
	for _, text := range []string{
		"add table=0,in_port=1,actions=drop",
		"add table=0,in_port=1,actions=normal",
		"add table=1,in_port=1,actions=drop",
		"add table=0,icmp6,icmpv6_type=135,actions=drop",
		"add table=0,icmp6,icmpv6_type=136,actions=drop",
		"add table=0,vlan_tci=0x1000,actions=drop",
		"add table=0,vlan_tci=0x1000/0x1000,actions=drop",
		"add table=0,tcp,actions=drop",
		"add table=0,udp,actions=drop",
		"add table=0,ct_state=+trk,actions=drop",
		"add table=0,ct_state=-trk,actions=drop",
		"add table=0,ip,actions=ct(table=4,zone=5)",
		"add table=0,ip,actions=ct(table=5,zone=5)",
		"add table=0,ip,actions=ct(commit,zone=5)",
		"add table=0,ip,actions=ct(commit,zone=5),output:5",
		"delete cookie=1/-1",
		"delete in_port=1",
	} {
		m, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if other, same := shapes[m.shape]; same {
			t.Errorf("%q has the shape of %q", text, other)
		}
		shapes[m.shape] = text
	}
	for text, like := range map[string]string{
		"add priority=5,cookie=0x1,in_port=1,arp,arp_spa=10.0.0.1,actions=drop": "add priority=6,cookie=0x2,in_port=2,arp,arp_spa=10.0.0.2,actions=drop",
		"add ip,actions=ct(commit,zone=5),output:5":                             "add ip,actions=ct(commit,zone=6),output:7",
		"add ip,actions=ct(table=5,zone=5)":                                     "add ip,actions=ct(table=5,zone=6)",
		"add in_port=1,actions=set_field:0x5->reg14,resubmit(,5)":               "add in_port=1,actions=set_field:0x6->reg14,resubmit(,5)",
		"add in_port=1,actions=conjunction(1,1/2),conjunction(2,1/2)":           "add in_port=1,actions=conjunction(3,2/2),conjunction(4,2/2)",
	} {
		a, errA := Parse(text)
		b, errB := Parse(like)
		if errA != nil || errB != nil || a.shape != b.shape || bytes.Equal(a.body, b.body) {
			t.Errorf("shapes %q and %q (%v, %v)", a.shape, b.shape, errA, errB)
		}
	}
}

// dial returns a connection to a switch that is played by answer, which gets
// what is sent behind the greeting.
func dial(t *testing.T, hello []byte, answer func(net.Conn, message)) (*Conn, error) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "mgmt")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	played := make(chan struct{})
	go func() {
		defer close(played)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		nc.Write(hello)
		for {
			m, err := readMessage(nc)
			if err != nil {
				return
			}
			answer(nc, m)
		}
	}()
	ended := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	c, err := Dial(ctx, socket, func() { close(ended) })
	t.Cleanup(func() {
		l.Close()
		if c != nil {
			c.Close()
			<-ended
		}
		<-played
	})
	return c, err
}

var hello = appendMessage(nil, kindHello, 1, helloVersions...)

func silent(net.Conn, message) {}

func TestDialVersions(t *testing.T) {
	for name, tt := range map[string]struct {
		hello []byte
		want  string
	}{
		"1.4":       {hello, ""},
		"no bitmap": {appendMessage(nil, kindHello, 1), ""},
		"others":    {appendMessage(nil, kindHello, 1, 0, 1, 0, 8, 0, 0, 0, 1<<6), ErrVersion.Error()},
		"an error":  {appendMessage(nil, kindError, 1, 0, 0, 0, 0), "does not greet"},
		"silence":   {nil, "i/o timeout"},
		"too short": {[]byte{5, 0, 0, 2, 0, 0, 0, 0}, "OpenFlow message of 2 bytes"},
	} {
		_, err := dial(t, tt.hello, silent)
		if got := ""; err != nil {
			got = err.Error()
			if tt.want == "" || !strings.Contains(got, tt.want) {
				t.Errorf("%s: %v, want %q", name, err, tt.want)
			}
		} else if tt.want != "" {
			t.Errorf("%s: no error, want %q", name, tt.want)
		}
	}
}

// A switch that says nothing holds nobody beyond his context, and the
// connection ends, for nobody knows what became of the bundle.
func TestBundleEndsWithContext(t *testing.T) {
	c, err := dial(t, hello, silent)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Bundle(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Bundle: %v", err)
	}
	<-c.done
	if err := c.Bundle(t.Context(), nil); err == nil {
		t.Error("a bundle on a connection that has ended")
	}
}

// A probe is answered, and a refusal has its numbers, also when it comes before
// the bundle is committed.
func TestRefusal(t *testing.T) {
	committed := false
	echoed := make(chan []byte, 1)
	c, err := dial(t, hello, func(nc net.Conn, m message) {
		switch {
		case m.kind == kindBundleAdd:
			nc.Write(appendMessage(nil, kindEchoRequest, 99, []byte("are you there?")...))
			nc.Write(appendMessage(nil, kindError, m.xid, 0, 4, 0, 7, 1, 2, 3))
		case m.kind == kindBundleControl && m.body[5] == bundleCommit:
			committed = true
		case m.kind == kindEchoReply:
			echoed <- m.body
		case m.kind == kindBarrierRequest:
			nc.Write(appendMessage(nil, kindBarrierReply, m.xid))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse("add priority=1,actions=drop")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Bundle(t.Context(), []FlowMod{m})
	if r := (Refused{}); !errors.As(err, &r) || r != (Refused{4, 7}) || !strings.Contains(err.Error(), "bad match") {
		t.Errorf("Bundle: %v", err)
	}
	if got := <-echoed; string(got) != "are you there?" || committed || !c.Alive() {
		t.Errorf("echo %q, committed %v, alive %v", got, committed, c.Alive())
	}
}
