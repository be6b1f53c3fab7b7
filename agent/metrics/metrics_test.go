package metrics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vifd/vif"
)

func sources() Sources {
	return Sources{
		Version: "v1.2.3",
		Parts:   func() []vif.Part { return []vif.Part{{Name: "store", OK: true}, {Name: "libvirt"}} },
		Leaked:  func() []vif.Leak { return []vif.Leak{{Kind: vif.StrayTap}, {Kind: vif.StrayTap}} },
		Stored:  func() int64 { return 4096 },
		Attached: func(context.Context, string) ([]vif.Attachment, error) {
			return []vif.Attachment{{State: vif.Active}, {State: vif.Error}, {State: vif.Active}}, nil
		},
	}
}

func TestMetrics(t *testing.T) {
	m := New(sources())
	m.Done(Attach, time.Now().Add(-40*time.Millisecond), nil)
	m.Done(Attach, time.Now(), fmt.Errorf("no: %w", vif.NoSlot))
	m.Done(Detach, time.Now(), errors.New("who knows"))
	text, contentType, err := m.Metrics(t.Context())
	if err != nil || !strings.HasPrefix(contentType, "text/plain; version=0.0.4") {
		t.Fatalf("%q, %v", contentType, err)
	}
	for _, want := range []string{
		`vifd_build_info{version="v1.2.3"} 1`,
		`vifd_dependency_up{dependency="store"} 1`,
		`vifd_dependency_up{dependency="libvirt"} 0`,
		`vifd_ports{state="ACTIVE"} 2`,
		`vifd_ports{state="BUILD"} 0`,
		`vifd_leaked_objects{kind="stray_tap"} 2`,
		`vifd_leaked_objects{kind="missing_nic"} 0`,
		`vifd_store_bytes 4096`,
		`vifd_operation_duration_seconds_bucket{operation="attach",outcome="success",le="0.03"} 0`,
		`vifd_operation_duration_seconds_count{operation="attach",outcome="success"} 1`,
		`vifd_operation_duration_seconds_count{operation="attach",outcome="no_slot"} 1`,
		`vifd_operation_duration_seconds_count{operation="detach",outcome="internal"} 1`,
		`vifd_operation_duration_seconds_count{operation="detach",outcome="success"} 0`,
		`process_open_fds `, `go_goroutines `,
	} {
		if !strings.Contains("\n"+string(text), "\n"+want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}

// A store that does not answer hides nothing else.
func TestUncounted(t *testing.T) {
	s := sources()
	s.Attached = func(context.Context, string) ([]vif.Attachment, error) { return nil, vif.Unavailable }
	text, _, err := New(s).Metrics(t.Context())
	if err != nil || strings.Contains(string(text), "vifd_ports{") || !strings.Contains(string(text), "vifd_dependency_up{") {
		t.Errorf("%s, %v", text, err)
	}
}
