// Package dose says how much a test that injects faults shall do: little in make
// test, much in make chaos, which sets VIFD_CHAOS to the name of the file in
// which it finds what was done.
package dose

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

const (
	reportVar = "VIFD_CHAOS"
	seedVar   = "VIFD_CHAOS_SEED"
)

// Often returns few in make test, and many in make chaos.
func Often(few, many int) int {
	if os.Getenv(reportVar) == "" {
		return few
	}
	return many
}

// Rand returns the source of what is random in t: of the seed in
// VIFD_CHAOS_SEED, or else of one that nobody has chosen. A test that fails says it.
func Rand(t *testing.T) *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv(seedVar), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("%s=%d", seedVar, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Tally reports at t's end that what was injected so many times, and whether all
// was as it should be after it.
func Tally(t *testing.T, what string, times func() int) {
	t.Helper()
	file := os.Getenv(reportVar)
	t.Cleanup(func() {
		result := "as it should be"
		if t.Failed() {
			result = "**not** as it should be"
		}
		t.Logf("%s: %d times, %s", what, times(), result)
		if file == "" {
			return
		}
		f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if _, err := fmt.Fprintf(f, "| %s | %d | %s |\n", what, times(), result); err != nil {
			t.Error(err)
		}
	})
}
