package chaos

import (
	"cmp"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"vifd/test/dose"
)

// side is how many models are at work side by side.
const side = 4

// Whatever is asked, breaks, is changed by hand and is started anew, in whatever
// order: what vifd says is so, and when nothing holds it up any more, the host
// has all that is attached and nothing besides.
//
// VIFD_STEPS says how many steps are tried at least. The clock is one of the
// test's own, so what is waited for costs nothing.
func TestModel(t *testing.T) {
	wanted, err := strconv.Atoi(cmp.Or(os.Getenv("VIFD_STEPS"), "1000"))
	if err != nil {
		t.Fatal(err)
	}
	set(t, "rapid.checks", "10")
	set(t, "rapid.steps", "100")
	set(t, "rapid.nofailfile", "true")
	set(t, "rapid.shrinktime", "10m")
	d := &draw{furnished: furnish(t), given: flag.Lookup("rapid.seed").Value.String()}
	random := dose.Rand(t)
	var all atomic.Int64
	dose.Tally(t, "steps of random attaches, detaches, faults, changes by hand and restarts", func() int { return int(all.Load()) })
	for range side {
		own := rand.New(rand.NewPCG(random.Uint64(), 0))
		t.Run("", func(t *testing.T) {
			t.Parallel()
			var steps atomic.Int64
			defer func() { all.Add(steps.Load()) }()
			synctest.Test(t, func(t *testing.T) {
				for steps.Load() < int64(max(wanted, side))/side {
					d.models(t, own.Uint64(), &steps)
				}
			})
		})
	}
}

// A draw is what those who are at work have in common.
type draw struct {
	furnished
	given    string     // the seed of the one who asks for what has failed once more
	starting sync.Mutex // the seed is a flag: it is one's own until it was read
}

// models lets ten models live, as the seed says.
func (d *draw) models(t *testing.T, seed uint64, steps *atomic.Int64) {
	t.Helper()
	d.starting.Lock()
	started := sync.OnceFunc(d.starting.Unlock)
	defer started()
	if d.given == "0" {
		set(t, "rapid.seed", strconv.FormatUint(seed, 10))
	}
	rapid.Check(timeless{t}, func(t *rapid.T) {
		started()
		newModel(t, d.furnished, steps).live(t)
	})
}

func set(t *testing.T, name, value string) {
	t.Helper()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

// timeless is a test that does not say when it would be ended: that is in no time
// of its own.
type timeless struct{ testing.TB }

// A furnished directory has a store in which there is a network.
type furnished struct{ dir, network string }

func furnish(t *testing.T) furnished {
	t.Helper()
	f := furnished{dir: t.TempDir()}
	v, err := start(t.Context(), f.dir, newWorld())
	if err != nil {
		t.Fatal(err)
	}
	f.network, err = v.furnish(t.Context())
	if err := errors.Join(err, v.end(t.Context())); err != nil {
		t.Fatal(err)
	}
	return f
}

// ram is where a store costs no disk its time: a death of vifd's is no power cut.
func ram() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return ""
}
