package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"vifd/test/dose"
)

// at is which of its calls each process is hit at; VIFD_CALLS=all says that it is
// every one, one after the other, until a process gets through.
var at = []int{1, 2, 3, 5, 8, 13, 21, 34}

// Killed at the n-th system call that changes a file, or told there that the disk
// fails or is full, a store has all that it acknowledged, whole.
func TestSyscalls(t *testing.T) {
	if os.Getenv(childKey) != "" {
		writeSome(t, os.Getenv("DIR"))
		return
	}
	t.Parallel()
	for _, call := range []string{"pwrite64", "fsync", "ftruncate"} {
		for _, how := range []string{"signal=SIGKILL", "error=EIO", "error=ENOSPC"} {
			t.Run(call+" "+how, func(t *testing.T) {
				t.Parallel()
				struckAt := 0
				dose.Tally(t, how+" at a "+call+" of the store's", func() int { return struckAt })
				for i := 0; ; i++ {
					n := i + 1
					if os.Getenv("VIFD_CALLS") != "all" {
						if i == len(at) {
							return
						}
						n = at[i]
					}
					if !struck(t, fmt.Sprintf("%s:%s:when=%d", call, how, n)) || t.Failed() {
						return
					}
					struckAt++
				}
			})
		}
	}
}

// struck runs a child that writes and is hit as strace is told, and looks at what
// it left. It tells whether the child was hit.
func struck(t *testing.T, inject string) bool {
	t.Helper()
	dir := t.TempDir()
	c := child(t, "write", "DIR="+dir, "GOMAXPROCS=1")
	c.Args[0] = c.Path
	log := dir + ".strace"
	traced := exec.CommandContext(t.Context(), "strace", append([]string{"-f", "-qq", "-o", log,
		"-e", "trace=" + strings.SplitN(inject, ":", 2)[0], "-e", "inject=" + inject}, "-E", "GOMAXPROCS=1")...)
	traced.Args = append(traced.Args, c.Args...)
	traced.Args[len(traced.Args)-len(c.Args)+1] = "-test.run=^TestSyscalls$"
	traced.Env = c.Env
	out, _ := traced.CombinedOutput() // how it ended is what is looked at
	acknowledged := 0
	for line := range strings.Lines(string(out)) {
		if n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "kept "))); err == nil {
			acknowledged = n
		}
	}
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatalf("%s: %v\n%s", inject, err, out)
	}
	defer s.Close()
	text := metaOf(t, s, "n")
	n, _ := strconv.Atoi(text)
	if s.SetAside() != "" || n < acknowledged {
		t.Errorf("%s: %d was acknowledged, and %q is there; set aside %q", inject, acknowledged, text, s.SetAside())
	}
	if wrong, err := s.Check(t.Context()); err != nil || len(wrong) > 0 {
		t.Errorf("%s: %v, %v", inject, wrong, err)
	}
	trace, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	hit := strings.Contains(string(trace), "INJECTED") || strings.Contains(string(trace), "SIGKILL")
	if !hit && acknowledged != 8 {
		t.Errorf("%s: nothing was in the way, and %d of 8 were acknowledged:\n%s", inject, acknowledged, out)
	}
	return hit
}

// writeSome counts up to eight and prints what was kept. What fails is tried again:
// each time is a new connection.
func writeSome(t *testing.T, dir string) {
	s, err := Open(t.Context(), dir, quiet)
	for tries := 0; err != nil && tries < 3; tries++ {
		s, err = Open(t.Context(), dir, quiet)
	}
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for n := 1; n <= 8; n++ {
		kept, err := countUp(t.Context(), s, "n")
		if err != nil {
			last = err
			continue
		}
		fmt.Println("kept", kept)
	}
	if err := errors.Join(last, s.Close()); err != nil {
		t.Log(err)
	}
}
