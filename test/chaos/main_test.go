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
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
