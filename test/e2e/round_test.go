package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vifd/test/testhost"
)

// round attaches a NIC and takes it out again, for tests that do several at once.
func round(ctx context.Context, g *testhost.Running, body string) error {
	a, err := send(ctx, "POST", interfaces(g), body)
	if err != nil || a.Status != 200 {
		return fmt.Errorf("attach: %d %s: %w", a.Status, a.Body, err)
	}
	var said struct{ InterfaceAttachment nic }
	if err := json.Unmarshal([]byte(a.Body), &said); err != nil {
		return err
	}
	path := interfaces(g) + "/" + said.InterfaceAttachment.Port
	if a, err := send(ctx, "DELETE", path, ""); err != nil || a.Status != 202 {
		return fmt.Errorf("detach: %d %s: %w", a.Status, a.Body, err)
	}
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		a, err := send(ctx, "GET", path, "")
		if err != nil || a.Status == 404 {
			return err
		}
		<-tick.C
	}
}
