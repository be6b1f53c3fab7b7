package e2e

import (
	"os"
	"testing"
)

const configFile = "/etc/vifd/vifd.toml"

// configured has vifd run with that configuration until the end of the test.
func configured(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(configFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	restartVifd(t)
	t.Cleanup(func() {
		if err := os.Remove(configFile); err != nil {
			t.Error(err)
		}
		restartVifd(t)
	})
}
