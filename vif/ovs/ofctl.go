package ovs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/digitalocean/go-openvswitch/ovs"
)

// protocolFlag names the versions of OpenFlow that have bundles.
const protocolFlag = "--protocols=OpenFlow14,OpenFlow15"

// A pipe takes the lines of a bundle to a bridge.
type pipe func(ctx context.Context, lines string) error

// ofctl returns a client of ovs-ofctl whose every command ends with ctx. Bundles
// go through the pipe instead.
func ofctl(ctx context.Context, to pipe) *ovs.Client {
	return ovs.New(
		ovs.Protocols([]string{ovs.ProtocolOpenFlow14, ovs.ProtocolOpenFlow15}),
		ovs.Exec(func(command string, args ...string) ([]byte, error) { return run(ctx, nil, command, args...) }),
		ovs.Pipe(func(lines io.Reader, _ string, _ ...string) ([]byte, error) {
			text, err := io.ReadAll(lines)
			if err != nil {
				return nil, err
			}
			return nil, to(ctx, string(text))
		}),
	)
}

// forkBundle does the lines of a bundle with ovs-ofctl: all of them, or none.
func forkBundle(ctx context.Context, target, lines string) error {
	_, err := run(ctx, strings.NewReader(lines), "ovs-ofctl",
		protocolFlag, "--bundle", "add-flow", target, "-")
	return err
}

// turnedDown tells whether err is an answer that says no: of ovs-ofctl, which cannot
// say the lines of its input, or of the bridge.
func turnedDown(err error) bool {
	said := err.Error()
	return strings.Contains(said, "ovs-ofctl: -:") || strings.Contains(said, "Error OFP")
}

// run runs an OpenFlow command and returns what it prints; what it says of an
// error is in the error. --no-names spares it asking for the name of every port.
func run(ctx context.Context, stdin io.Reader, command string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, command, append([]string{"--no-names"}, args...)...)
	var out, complaint bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr, c.WaitDelay = stdin, &out, &complaint, time.Second
	if err := c.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s: %w: %s", command, err, strings.TrimSpace(complaint.String()))
	}
	return out.Bytes(), nil
}
