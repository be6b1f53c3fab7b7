package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vifd/vif"
)

// What is asked when somebody reads the metrics.
var (
	build  = prometheus.NewDesc("vifd_build_info", "Which vifd this is.", []string{"version"}, nil)
	up     = prometheus.NewDesc("vifd_dependency_up", "1 while what vifd depends on answers.", []string{"dependency"}, nil)
	ports  = prometheus.NewDesc("vifd_ports", "Ports that are attached, or on their way, by port_state.", []string{"state"}, nil)
	leaked = prometheus.NewDesc("vifd_leaked_objects", "What the last two looks at everything found left over, missing or wrong.", []string{"kind"}, nil)
	stored = prometheus.NewDesc("vifd_store_bytes", "The size of the store's files.", nil, nil)
)

// patience bounds what is asked of the host while the metrics are read.
const patience = 5 * time.Second

// A host is what the sources say, as a collector.
type host struct{ Sources }

// Describe sends what Collect may send.
func (h *host) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{build, up, ports, leaked, stored} {
		c <- d
	}
}

// Collect sends how things are now. Ports that cannot be counted are left out.
func (h *host) Collect(c chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(build, 1, h.Version)
	gauge(stored, float64(h.Stored()))
	for _, p := range h.Parts() {
		gauge(up, map[bool]float64{true: 1}[p.OK], p.Name)
	}
	for kind, n := range count(vif.LeakKinds(), h.Leaked(), func(l vif.Leak) vif.LeakKind { return l.Kind }) {
		gauge(leaked, n, string(kind))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	attached, err := h.Attached(ctx, "")
	if err != nil {
		return
	}
	states := []vif.State{vif.Active, vif.Build, vif.Down, vif.Error}
	for state, n := range count(states, attached, func(a vif.Attachment) vif.State { return a.State }) {
		gauge(ports, n, string(state))
	}
}

// count returns how many of all are of each kind, with 0 for a kind that has none.
func count[K comparable, T any](kinds []K, all []T, kind func(T) K) map[K]float64 {
	n := map[K]float64{}
	for _, k := range kinds {
		n[k] = 0
	}
	for _, one := range all {
		n[kind(one)]++
	}
	return n
}
