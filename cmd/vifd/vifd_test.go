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
//	lossy N             loses the next N answers on their way
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			w := newWorld()
			e.Values["world"] = w
			way, err := serve(e, w)
			e.Values["way"] = way
			e.Setenv("VIFD_SOCKET", way.Addr().String())
			e.Setenv("NO_COLOR", "1")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"vifd":  command,
			"sick":  sick,
			"leaky": leaky,
			"lossy": lossy,
		},
	})
}

// serve serves the API over w, on a socket with a path that is short enough, and
// returns a way to it.
func serve(e *testscript.Env, w *world) (*wire, error) {
	dir, err := os.MkdirTemp("", "vifd")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "vifd.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	before, err := net.Listen("unix", filepath.Join(dir, "way.sock"))
	if err != nil {
		return nil, err
	}
	way := &wire{Listener: before, to: path}
	go way.carry()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	a := api.New(api.Config{Servers: w, Attachments: w, Operations: w, Networking: w, Health: w, Leaks: w, Tokens: &w.tokens, Answers: &w.answers,
		Host: "host1", Version: "v1.2.3", Log: slog.New(slog.DiscardHandler)})
	go func() { served <- a.Serve(ctx, l) }()
	e.Defer(func() {
		before.Close()
		stop()
		<-served
		os.RemoveAll(dir)
	})
	return way, nil
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

func lossy(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(strings.Join(args, " "))
	ts.Check(err)
	ts.Value("way").(*wire).lose.Store(int32(n))
}
