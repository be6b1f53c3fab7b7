package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// report is the figures as Markdown.
func report(rounds int, results ...*result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Performance\n\nWritten by `make bench`: %d rounds of each contestant, in turn, in one run on one machine, after warm-up. "+
		"Times are milliseconds and noisy; the ratios are what counts. The floor is the larger median of libvirt alone "+
		"(`AttachDeviceFlags` LIVE on a ready tap) and Open vSwitch alone (OVSDB commit until `ofport`). "+
		"vifd is a request on the socket until its answer says `ACTIVE`, for which the guest has the NIC: libvirt says so before its own call returns, and goes on with its books. Detach is until the guest has let go of the NIC (by hand, until the switch port is gone too).\n", rounds)
	for _, r := range results {
		r.write(&b)
	}
	return b.String()
}

func (r *result) write(b *strings.Builder) {
	floor := max(quantile(r.attach[byLibvirt], .5), quantile(r.attach[bySwitch], .5))
	fmt.Fprintf(b, "\n## With %s\n\n| attach | median | p95 | ratio to the floor |\n|---|---:|---:|---:|\n", r.name)
	for _, who := range []string{byLibvirt, tillTold, bySwitch, byHand, byVifd} {
		m := quantile(r.attach[who], .5)
		fmt.Fprintf(b, "| %s | %s | %s | %.2f |\n", who, ms(m), ms(quantile(r.attach[who], .95)), float64(m)/float64(floor))
	}
	own := quantile(r.detach[byLibvirt], .5)
	fmt.Fprintf(b, "\n| detach until gone | median | p95 | ratio to libvirt |\n|---|---:|---:|---:|\n")
	for _, who := range []string{byLibvirt, byHand, byVifd, tillBack} {
		m := quantile(r.detach[who], .5)
		fmt.Fprintf(b, "| %s | %s | %s | %.2f |\n", who, ms(m), ms(quantile(r.detach[who], .95)), float64(m)/float64(own))
	}
	fmt.Fprintf(b, "\n| step of vifd's attach | median | p95 |\n|---|---:|---:|\n")
	for _, step := range r.order {
		fmt.Fprintf(b, "| %s | %s | %s |\n", step, ms(quantile(r.steps[step], .5)), ms(quantile(r.steps[step], .95)))
	}
	fmt.Fprintf(b, "\nfilter, plug and confirm run beside show.\n")
	fmt.Fprintf(b, "\nAfter that, at rest, vifd has %.1f MiB in memory with its share of the libraries that others use too (PSS), and %.1f MiB with all of them (RSS).\n",
		float64(r.memory.pss)/1024, float64(r.memory.rss)/1024)
}

// quantile returns the q-quantile of the samples, by the nearest rank.
func quantile(samples []time.Duration, q float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(samples))
	return s[max(0, int(math.Ceil(q*float64(len(s))))-1)]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
