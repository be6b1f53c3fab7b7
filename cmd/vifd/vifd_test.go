package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"vifd/agent/api"
)

// Each script of testdata has a host of its own, and the API served over it.
//
//	vifd N ARGUMENTS…   runs vifd, which has to exit with N
//	sick                takes Open vSwitch away
//	leaky               leaves something on the host
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			w := newWorld()
			e.Values["world"] = w
			path, err := serve(e, w)
			e.Setenv("VIFD_SOCKET", path)
			e.Setenv("NO_COLOR", "1")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"vifd":  command,
			"sick":  sick,
			"leaky": leaky,
		},
	})
}

// serve serves the API over w, on a socket with a path that is short enough.
func serve(e *testscript.Env, w *world) (string, error) {
	dir, err := os.MkdirTemp("", "vifd")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "vifd.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		return "", err
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	a := api.New(api.Config{Servers: w, Attachments: w, Operations: w, Networking: w, Health: w, Leaks: w, Tokens: &w.tokens, Host: "host1", Version: "v1.2.3", Log: slog.New(slog.DiscardHandler)})
	go func() { served <- a.Serve(ctx, l) }()
	e.Defer(func() {
		stop()
		<-served
		os.RemoveAll(dir)
	})
	return path, nil
}

// command runs the command line, as main does, and checks its exit code.
func command(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: vifd CODE ARGUMENTS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	a := &app{in: strings.NewReader(""), out: ts.Stdout(), err: ts.Stderr(), env: ts.Getenv}
	if got := a.run(context.Background(), args[1:]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func sick(ts *testscript.TestScript, _ bool, _ []string) {
	w := ts.Value("world").(*world)
	defer w.lock()()
	w.sick = true
}

func leaky(ts *testscript.TestScript, _ bool, _ []string) {
	w := ts.Value("world").(*world)
	defer w.lock()()
	w.leaky = true
}
