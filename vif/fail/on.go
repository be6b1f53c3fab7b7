//go:build failpoints

package fail

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A fault is what happens at one point.
type fault struct {
	at     Point
	act    string
	later  time.Duration
	passes atomic.Int64 // until it happens
}

// armed are the faults that the environment asks for. Nothing else of vifd's is
// global; but a point must not need anything that it is not given.
var armed = sync.OnceValue(func() []*fault { return parse(os.Getenv("VIFD_FAIL")) })

// At does what is asked for at p if err is nil, that is if p was reached, and
// returns err or the error that p is to be.
func At(p Point, err error) error {
	if err != nil {
		return err
	}
	for _, f := range armed() {
		if f.at == p && f.passes.Add(-1) == 0 {
			err = f.happen()
		}
	}
	return err
}

func (f *fault) happen() error {
	switch {
	case f.act == "hang":
		select {}
	case f.act == "term":
		return term()
	case f.act == "error":
		return fmt.Errorf("fail point %s", f.at)
	case f.later > 0:
		time.AfterFunc(f.later, die)
		return nil
	}
	die()
	return nil
}

// die ends this process as nothing can hinder.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// heard is how long the work of this process is held up once it was told to stop, so
// that this is heard before the work goes on.
const heard = 50 * time.Millisecond

// term tells this process to stop, as systemd does.
func term() error {
	err := syscall.Kill(os.Getpid(), syscall.SIGTERM)
	time.Sleep(heard)
	return err
}

// parse reads what the environment says. What it cannot read must not pass for
// a test in which nothing fails.
func parse(text string) (faults []*fault) {
	for one := range strings.SplitSeq(text, ",") {
		if one == "" {
			continue
		}
		where, act, _ := strings.Cut(one, ":")
		point, nth, counted := strings.Cut(where, "#")
		act, later, delayed := strings.Cut(act, "+")
		f := &fault{at: Point(point), act: act}
		n, err := strconv.Atoi(nth)
		if !counted {
			n, err = 1, nil
		}
		f.passes.Store(int64(n))
		if delayed && err == nil {
			f.later, err = time.ParseDuration(later)
		}
		if err != nil || !slices.Contains([]string{"kill", "term", "hang", "error"}, act) {
			panic("VIFD_FAIL: cannot read " + one)
		}
		faults = append(faults, f)
	}
	return faults
}

// Answer returns w, or what passes A13 half-way through the answer to a POST, and
// D10 before that to a DELETE is sent.
func Answer(method string, w http.ResponseWriter) http.ResponseWriter {
	if len(armed()) == 0 {
		return w
	}
	return &answer{w, method}
}

type answer struct {
	http.ResponseWriter
	method string
}

func (a *answer) Write(raw []byte) (int, error) {
	switch a.method {
	case http.MethodPost:
		half := len(raw) / 2
		if n, err := a.ResponseWriter.Write(raw[:half]); err != nil {
			return n, err
		}
		_ = http.NewResponseController(a.ResponseWriter).Flush()
		_ = At(A13, nil)
		n, err := a.ResponseWriter.Write(raw[half:])
		return half + n, err
	case http.MethodDelete:
		_ = At(D10, nil)
	}
	return a.ResponseWriter.Write(raw)
}
