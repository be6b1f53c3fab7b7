package store

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"vifd/test/dose"
	"vifd/vif"
)

// flips is how many times a store is damaged; VIFD_FLIPS says otherwise.
const flips = 200

// Whatever bytes of the database or its log change, a store opens: with the
// damage set aside, or with rows that can be read. Nothing is made up of it, and
// the file of a newer vifd is refused and left as it is.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	n, err := strconv.Atoi(os.Getenv("VIFD_FLIPS"))
	if err != nil {
		n = flips
	}
	files := crashed(t)
	r := dose.Rand(t)
	ends, flipped := map[string]int{}, 0
	dose.Tally(t, "some bits of the store's files changed", func() int { return flipped })
	for i := range n {
		ends[opened(t, flip(files, i, r))]++
		flipped++
		if t.Failed() {
			t.Fatalf("flip %d", i)
		}
	}
	t.Logf("ended: %v", ends)
	if ends["set aside"] == 0 || ends["sound"] == 0 {
		t.Errorf("too few ways to end: %v", ends)
	}
}

// crashed returns the files of a store that was not closed: much is in the
// database, and more in its log.
func crashed(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	filled(t, dir)
	s := open(t, dir)
	for i := range 8 {
		key := strconv.Itoa(i)
		update(t, s, func(tx *Tx) error { return tx.PutMeta(key, key) })
	}
	files := map[string][]byte{}
	for _, name := range []string{"vifd.db", "vifd.db-wal"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	return files
}

// flip returns the files with some bits of one of them changed: the header of
// the database first, bit after bit, and then anywhere.
func flip(files map[string][]byte, i int, r *rand.Rand) map[string][]byte {
	damaged := maps.Clone(files)
	name := slices.Sorted(maps.Keys(files))[i%3%2]
	text := slices.Clone(files[name])
	if i < 100 {
		text[i] ^= 1 << r.IntN(8)
	} else {
		for range 1 + r.IntN(4) {
			text[r.IntN(len(text))] ^= 1 << r.IntN(8)
		}
	}
	damaged[name] = text
	return damaged
}

// opened tells what a store of the files is found to be.
func opened(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), dir, quiet)
	if errors.Is(err, vif.Unsupported) {
		return "newer"
	}
	if err != nil {
		t.Errorf("open: %v", err)
		return "refused"
	}
	defer s.Close()
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutMeta("new", "x") }); err != nil {
		t.Errorf("write: %v", err)
	}
	if _, err := os.Stat(s.SetAside()); s.SetAside() != "" && errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing at %s", s.SetAside())
	}
	if s.SetAside() != "" {
		return "set aside"
	}
	return "sound"
}
