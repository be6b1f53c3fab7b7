// Package metrics counts what vifd does and how its host is, in the words of
// Prometheus, of which it is the one door.
package metrics

import (
	"bytes"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"vifd/vif"
)

// Sources are asked whenever somebody reads the metrics. None may wait long.
type Sources struct {
	Version  string
	Parts    func() []vif.Part
	Attached func(ctx context.Context, server string) ([]vif.Attachment, error)
	Leaked   func() []vif.Leak // what the last two looks at everything found
	Stored   func() int64      // bytes of the store
}

// Metrics are the numbers of one vifd. Its methods may be called side by side.
type Metrics struct {
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
}

// The operations that are counted, and how they ended.
const (
	Attach = "attach"
	Detach = "detach"
)

// New returns the metrics of what s says.
func New(s Sources) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "vifd_operation_duration_seconds", Help: "How long attaches and detaches took, by how they ended.",
		Buckets: []float64{.01, .02, .03, .05, .075, .1, .2, .5, 1, 2, 5, 10, 30, 60},
	}, []string{"operation", "outcome"})}
	for _, kind := range []string{Attach, Detach} {
		m.took.WithLabelValues(kind, "success")
	}
	m.registry.MustRegister(m.took, &host{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Done counts an operation that began then and ended now, with err.
func (m *Metrics) Done(kind string, begun time.Time, err error) {
	m.took.WithLabelValues(kind, outcome(err)).Observe(time.Since(begun).Seconds())
}

// outcomes are the kinds of error in words of metrics.
var outcomes = map[vif.Kind]string{
	vif.Invalid: "invalid", vif.Ambiguous: "ambiguous", vif.Forbidden: "forbidden", vif.NotFound: "not_found",
	vif.InUse: "in_use", vif.WrongState: "wrong_state", vif.NoSlot: "no_slot", vif.Exhausted: "exhausted",
	vif.Unsupported: "unsupported", vif.Unavailable: "unavailable", vif.Pending: "pending",
}

func outcome(err error) string {
	if err == nil {
		return "success"
	}
	if word, ok := outcomes[vif.KindOf(err)]; ok {
		return word
	}
	return "internal"
}

// Metrics returns all numbers in Prometheus's text format.
func (m *Metrics) Metrics(context.Context) (text []byte, contentType string, err error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, "", err
	}
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, format)
	for _, f := range families {
		if err := encoder.Encode(f); err != nil {
			return nil, "", err
		}
	}
	return out.Bytes(), string(format), nil
}
