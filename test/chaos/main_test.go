// Package chaos lets vifd die, its host fail and its users crowd, and looks each
// time whether all is as it should be: nothing left over, nothing missing, every
// answer true. The host is one in memory, behind the same interfaces as the real
// one; test/e2e lets the same happen to that.
package chaos

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// dirVar makes this program a vifd with its host in that directory.
const dirVar = "CHAOS_VIFD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVar); dir != "" {
		fmt.Fprintln(os.Stderr, serve(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
