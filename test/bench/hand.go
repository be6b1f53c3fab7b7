package main

import (
	"context"
	"os"
	"time"
)

// handTurn is what an operator's script does.
func (b *bench) handTurn(ctx context.Context, _ int) (in, out time.Duration, err error) {
	file, err := os.CreateTemp("", "nic-*.xml")
	if err != nil {
		return 0, 0, err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(nicXML); err != nil {
		return 0, 0, err
	}
	if err := file.Close(); err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := all(ctx,
		[]string{"ip", "tuntap", "add", "dev", benchTap, "mode", "tap", "vnet_hdr"},
		[]string{"ip", "link", "set", benchTap, "up"},
		[]string{"ovs-vsctl", "add-port", "br-int", benchTap, "tag=100"},
		[]string{"virsh", "attach-device", guest, file.Name(), "--live"},
	); err != nil {
		return 0, 0, err
	}
	in = time.Since(start)
	if err := b.seen(ctx, benchMAC); err != nil {
		return 0, 0, err
	}
	start = time.Now()
	if err := sh(ctx, "virsh", "detach-device-alias", guest, benchAlias, "--live"); err != nil {
		return 0, 0, err
	}
	if err := b.gone(ctx, benchAlias); err != nil {
		return 0, 0, err
	}
	if err := sh(ctx, "ovs-vsctl", "del-port", "br-int", benchTap); err != nil {
		return 0, 0, err
	}
	return in, time.Since(start), dropTap(ctx)
}

func all(ctx context.Context, commands ...[]string) error {
	for _, c := range commands {
		if err := sh(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}
