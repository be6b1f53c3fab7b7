// Command bench times one attach and one detach through vifd against the floor
// (libvirt alone, Open vSwitch alone) and against the same done by hand with ip,
// ovs-vsctl and virsh; in turn, in one run, inside a test host.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 30, "counted rounds of each")
	warm := flag.Int("warmup", 3, "rounds that are not counted, first")
	crowd := flag.Int("crowd", 1000, "switch ports present in the second half")
	out := flag.String("o", "", "also write the report to this file")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if err := run(ctx, *rounds, *warm, *crowd, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures with few switch ports, then with a crowd of them, and reports.
func run(ctx context.Context, rounds, warm, crowd int, out string) error {
	b, err := open(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	few, err := b.measure(ctx, "few switch ports", rounds, warm)
	if err != nil {
		return err
	}
	if err := b.crowd(ctx, crowd); err != nil {
		return err
	}
	many, err := b.measure(ctx, fmt.Sprintf("%d switch ports", crowd), rounds, warm)
	if err != nil {
		return err
	}
	text := report(rounds, few, many)
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return os.WriteFile(out, []byte(text), 0o644)
}
