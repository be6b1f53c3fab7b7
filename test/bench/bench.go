package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/ovn-kubernetes/libovsdb/client"
	"libvirt.org/go/libvirt"
)

// A bench holds one connection to each thing that is measured.
type bench struct {
	conn    *libvirt.Connect
	events  *libvirt.Connect
	domain  *libvirt.Domain
	server  string // g1's UUID
	removed chan string
	added   chan said
	ovs     client.Client
	http    *http.Client
	network string // blue's ID

	back time.Duration // of vifd's last detach: until its port was given back
	told time.Duration // of libvirt's last attach: until it said that QEMU has the NIC
}

// guest is the server that everybody attaches to.
const guest = "g1"

func open(ctx context.Context) (*bench, error) {
	b := &bench{removed: make(chan string, 16), added: make(chan said, 16), http: socketClient(os.Getenv("VIFD_SOCKET"))}
	if err := b.openLibvirt(); err != nil {
		return nil, fmt.Errorf("libvirt: %w", err)
	}
	if err := b.openSwitch(ctx); err != nil {
		return nil, fmt.Errorf("ovsdb: %w", err)
	}
	return b, b.findNetwork(ctx)
}

func (b *bench) close() {
	b.ovs.Close()
	b.domain.Free()
	b.conn.Close()
}

// rest lets the switch and the guest come to rest, so that nobody pays for what
// the one before left to do. ovs-vsctl returns when ovs-vswitchd has caught up.
func rest(ctx context.Context) error {
	if err := sh(ctx, "ovs-vsctl", "set", "Open_vSwitch", ".", "external_ids:rested="+time.Now().Format("150405.000")); err != nil {
		return err
	}
	select {
	case <-time.After(200 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sh runs a command to its end.
func sh(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// seen waits until the guest has brought up the NIC with that MAC, so that every
// contestant's detach meets a guest that is at rest.
func (b *bench) seen(ctx context.Context, mac string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		err := sh(ctx, "guest", guest, "grep -qi "+mac+" /sys/class/net/*/address && sleep 0.2")
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
}

func socketClient(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}
}

// crowd puts n ports on the bridge that nobody uses.
func (b *bench) crowd(ctx context.Context, n int) error {
	var links strings.Builder
	args := []string{"--no-wait"}
	for i := range n {
		fmt.Fprintf(&links, "tuntap add dev crowd%d mode tap\n", i)
		args = append(args, "--", "add-port", "br-int", fmt.Sprintf("crowd%d", i))
	}
	cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(links.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip -batch: %w: %s", err, out)
	}
	if err := sh(ctx, "ovs-vsctl", args...); err != nil {
		return err
	}
	return sh(ctx, "ovs-vsctl", "--timeout=120", "wait-until", "interface", fmt.Sprintf("crowd%d", n-1), "ofport>0")
}
