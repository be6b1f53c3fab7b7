package agent

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"vifd/agent/hotplug"
	"vifd/agent/metrics"
	"vifd/agent/store"
	"vifd/vif"
)

// A desert is a hypervisor without any server.
type desert struct{ hotplug.Hypervisor }

func (desert) Server(context.Context, string) (vif.Server, error) {
	return vif.Server{}, vif.NotFound.Because("There is no server here.")
}

// Each attach of a batch is counted, as one that is asked for alone.
func TestBatchIsCounted(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(t.Context(), t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := metrics.New(metrics.Sources{
		Parts: func() []vif.Part { return nil }, Leaked: func() []vif.Leak { return nil }, Stored: func() int64 { return 0 },
		Attached: func(context.Context, string) ([]vif.Attachment, error) { return nil, nil },
	})
	counted := measured{hotplug.New(hotplug.Parts{Hypervisor: desert{}, Store: s, Log: log}, hotplug.Limits{Attach: time.Minute}), m}
	request := func(id string) vif.Request { return vif.Request{Server: "one", Operation: id} }
	if _, err := counted.Attach(t.Context(), request("req-1")); vif.KindOf(err) != vif.NotFound {
		t.Fatal(err)
	}
	if _, err := counted.AttachAll(t.Context(), []vif.Request{request("req-2"), request("req-3")}); vif.KindOf(err) != vif.NotFound {
		t.Fatal(err)
	}
	text, _, err := m.Metrics(t.Context())
	const want = `vifd_operation_duration_seconds_count{operation="attach",outcome="not_found"} 3`
	if err != nil || !strings.Contains(string(text), want+"\n") {
		t.Errorf("%v, without %s:\n%s", err, want, text)
	}
}
