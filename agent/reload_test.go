package agent

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vifd/agent/api"
	"vifd/agent/network/local"
)

// What can change while vifd runs does, what cannot is named, and a file that is
// wrong changes nothing.
func TestReload(t *testing.T) {
	var text, log bytes.Buffer
	level := &slog.LevelVar{}
	parse := func() (Config, error) { return ParseConfig("f", text.Bytes()) }
	c, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{config: c, log: slog.New(slog.NewTextHandler(&log, nil)), api: api.New(api.Config{Networking: (*local.Local)(nil)})}
	a.Process = Process{Level: level, Load: parse}
	for _, tt := range []struct {
		text, logged string
		level        slog.Level
	}{
		{"log_level = \"DEBUG\"\n[limits]\nconnections = 7\n[nic]\nmax_queues = 3\n",
			`changed="[log_level limits.connections]" needs_restart=[nic.max_queues]`, slog.LevelDebug},
		{"log_level = \"DEBUG\"\n[limits]\nconnections = 7\n[nic]\nmax_queues = 3\n",
			`changed=[] needs_restart=[nic.max_queues]`, slog.LevelDebug},
		{"log_level = \"loud\"\n", "stays as it was", slog.LevelDebug},
		{"", `changed="[log_level limits.connections]" needs_restart=[]`, slog.LevelInfo},
	} {
		text.Reset()
		log.Reset()
		text.WriteString(tt.text)
		a.reload()
		if !strings.Contains(log.String(), tt.logged) || level.Level() != tt.level {
			t.Errorf("%q: level %v, logged %s", tt.text, level.Level(), log.String())
		}
	}
}

// There is always room for what vifd itself needs to have open.
func TestFit(t *testing.T) {
	for _, tt := range []struct {
		conns int
		files uint64
		want  int
	}{{512, 65536, 512}, {512, 608, 512}, {512, 607, 511}, {512, 128, 32}, {512, 20, 1}} {
		if got := fit(tt.conns, tt.files); got != tt.want {
			t.Errorf("fit(%d, %d) = %d, want %d", tt.conns, tt.files, got, tt.want)
		}
	}
}

func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		over := late(ctx, 9*time.Second)
		select {
		case <-over:
			t.Fatal("late before it was told to stop")
		case <-time.After(time.Hour):
		}
		stop()
		began := time.Now()
		<-over
		if took := time.Since(began); took != 9*time.Second {
			t.Errorf("late after %v", took)
		}
	})
}
