package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// child runs the test t once more in a process of its own, with a name for what
// it is to do there. It ends with this one, however that ends.
func child(t *testing.T, what string, env ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), append(env, childKey+"="+what)...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

const childKey = "VIFD_STORE_CHILD"

// Whenever a process that writes is killed, all it was told is kept is there
// afterwards, and each change is there as a whole or not at all.
func TestKilled(t *testing.T) {
	if os.Getenv(childKey) != "" {
		writeForever(t, os.Getenv("DIR"))
		return
	}
	t.Parallel()
	dir := t.TempDir()
	for range 8 {
		acknowledged := killed(t, dir)
		s, err := Open(t.Context(), dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if s.SetAside() != "" {
			t.Fatal("the store was damaged")
		}
		for key, want := range acknowledged {
			got, err := strconv.Atoi(metaOf(t, s, key))
			if err != nil || got < want {
				t.Errorf("%s = %d, %v, and %d was acknowledged", key, got, err, want)
			}
			for i := 1; i <= got; i++ {
				id := fmt.Sprintf("%s-%d", key, i)
				if err := s.View(t.Context(), func(tx *Tx) error { _, err := tx.Operation(id); return err }); err != nil {
					t.Fatalf("%s of %d: %v", id, got, err)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// writeForever counts up in the store, in several goroutines, and prints what
// was kept.
func writeForever(t *testing.T, dir string) {
	s, err := Open(t.Context(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for g := range 3 {
		key := "key" + strconv.Itoa(g)
		all.Go(func() {
			for {
				n, err := countUp(t.Context(), s, key)
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Println("kept", key, n)
			}
		})
	}
	all.Wait()
}

// countUp adds one to the number under the key, and an operation of that number.
func countUp(ctx context.Context, s *Store, key string) (n int, err error) {
	err = s.Update(ctx, func(tx *Tx) error {
		if n, err = tx.number(key); err != nil {
			return err
		}
		n++
		o := operation
		o.ID = fmt.Sprintf("%s-%d", key, n)
		if err := tx.PutOperation(o); err != nil {
			return err
		}
		return tx.PutMeta(key, strconv.Itoa(n))
	})
	return n, err
}

// killed runs a child that writes, kills it after a while, and returns the
// highest number that it said was kept under each key.
func killed(t *testing.T, dir string) map[string]int {
	t.Helper()
	c := child(t, "write", "DIR="+filepath.Clean(dir))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kept := map[string]int{}
	left := 1 + rand.IntN(40)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var key string
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "kept %s %d", &key, &n); err != nil {
			continue
		}
		kept[key] = max(kept[key], n)
		if left--; left == 0 {
			if err := c.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := c.Wait(); err == nil || left > 0 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return kept
}
