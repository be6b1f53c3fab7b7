package testhost

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What an archive holds comes out of cpio(1) as it went in.
func TestArchive(t *testing.T) {
	var b bytes.Buffer
	a := &archive{w: &b}
	files := map[string]string{"dir/empty": "", "dir/three": "abc", "four": "abcd", "five": "abcde"}
	if err := a.add("dir", directory, nil); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := a.add(name, regular, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.device("null", 1, 3); err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unpack := exec.Command("busybox", "cpio", "-i")
	unpack.Dir, unpack.Stdin = dir, &b
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("cpio: %v: %s", err, out)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "null")); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("null = %v, %v; want a device", info, err)
	}
}
