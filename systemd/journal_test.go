package systemd

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
)

func TestJournal(t *testing.T) {
	type sent struct {
		message  string
		priority journal.Priority
		vars     map[string]string
	}
	for name, tt := range map[string]struct {
		log  func(*slog.Logger)
		want sent
	}{
		"plain": {
			func(l *slog.Logger) { l.Info("ready") },
			sent{"ready", journal.PriInfo, map[string]string{"MESSAGE_ID": messages["ready"]}},
		},
		"fields of our own": {
			func(l *slog.Logger) {
				l.With("port", "p1", "server", "s1").Warn("step failed", "operation", "req-1", "step", "plug")
			},
			sent{"step failed port=p1 server=s1 operation=req-1 step=plug", journal.PriWarning,
				map[string]string{"PORT_ID": "p1", "SERVER_ID": "s1", "OPERATION_ID": "req-1", "STEP": "plug"}},
		},
		"any other": {
			func(l *slog.Logger) {
				l.WithGroup("http").Error("request", "status-code", 503, slog.Group("by", "uid", 0), slog.Group("", "x", "a b"))
			},
			sent{`request http.status-code=503 http.by.uid=0 http.x="a b"`, journal.PriErr,
				map[string]string{"MESSAGE_ID": messages["request"], "VIFD_HTTP_STATUS_CODE": "503", "VIFD_HTTP_BY_UID": "0", "VIFD_HTTP_X": "a b"}},
		},
		"lines stay one": {
			func(l *slog.Logger) { l.Debug("said", "name", "vm\nPRIORITY=0") },
			sent{`said name="vm\nPRIORITY=0"`, journal.PriDebug, map[string]string{"VIFD_NAME": "vm\nPRIORITY=0"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got sent
			h := &entry{level: slog.LevelDebug, text: slog.DiscardHandler,
				send: func(m string, p journal.Priority, v map[string]string) error { got = sent{m, p, v}; return nil }}
			tt.log(slog.New(h))
			tt.want.vars["SYSLOG_IDENTIFIER"] = "vifd"
			if got.message != tt.want.message || got.priority != tt.want.priority || !maps.Equal(got.vars, tt.want.vars) {
				t.Errorf("sent %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// One logger's attributes do not reach another made from the same.
func TestJournalBranches(t *testing.T) {
	var got map[string]string
	base := slog.New(&entry{level: slog.LevelInfo, text: slog.DiscardHandler,
		send: func(_ string, _ journal.Priority, v map[string]string) error { got = v; return nil }}).With("server", "s1")
	base.With("port", "p1").Info("one")
	base.With("step", "tap").Info("two")
	want := map[string]string{"SYSLOG_IDENTIFIER": "vifd", "SERVER_ID": "s1", "STEP": "tap"}
	if !maps.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
	base.Debug("three", "port", "p3")
	if !maps.Equal(got, want) {
		t.Errorf("a message below the level was sent: %v", got)
	}
}

// What the journal refuses is not lost, and neither are its attributes.
func TestJournalFallsBack(t *testing.T) {
	var stderr bytes.Buffer
	h := &entry{level: slog.LevelInfo, text: slog.NewTextHandler(&stderr, nil),
		send: func(string, journal.Priority, map[string]string) error { return errors.New("no journal") }}
	slog.New(h).With("port", "p1").WithGroup("g").Info("hello", "x", 1)
	if got := stderr.String(); !strings.Contains(got, "msg=hello port=p1 g.x=1") {
		t.Errorf("stderr: %s", got)
	}
}

func TestLoggerWithoutJournal(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	var stderr bytes.Buffer
	log := Logger(slog.LevelWarn, &stderr)
	log.Info("too low")
	log.Warn("seen", "port", "p1")
	if got := stderr.String(); strings.Contains(got, "too low") || !strings.Contains(got, "msg=seen port=p1") {
		t.Errorf("stderr: %s", got)
	}
}
