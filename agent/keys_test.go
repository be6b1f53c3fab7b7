package agent

import (
	"bytes"
	"log/slog"
	"testing"
)

// A way in without certificates has none to read again, and the log does not say
// that it has.
func TestNoKeys(t *testing.T) {
	var said bytes.Buffer
	k, err := openKeys(Listen{Anybody: true}, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	k.again()
	if said.Len() > 0 {
		t.Errorf("%s", &said)
	}
}
