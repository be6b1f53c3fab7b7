package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vifd/vif"
)

// apart runs fn in a child process with mounts of its own.
func apart(t *testing.T, fn func(t *testing.T)) {
	t.Helper()
	if os.Getenv(childKey) != "" {
		fn(t)
		return
	}
	t.Parallel()
	c := child(t, "apart")
	c.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
}

func long(tx *Tx) error { return tx.PutMeta("long", strings.Repeat("x", 200_000)) }

// fill leaves no room on the file system of dir, and returns what takes it.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zero, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer zero.Close()
	if _, err := io.Copy(f, zero); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return f.Name()
}

// refused checks that changes are refused, as often as one tries, and that what
// is there can be read.
func refused(t *testing.T, s *Store) {
	t.Helper()
	for range 3 {
		err := s.Update(t.Context(), long)
		wantKind(t, err, vif.Unavailable)
		if vif.Shown(err) != unwritable || s.Failed() == nil {
			t.Errorf("shown %q, failed: %v", vif.Shown(err), s.Failed())
		}
		if got := metaOf(t, s, "a"); got != "b" {
			t.Errorf("a = %q", got)
		}
		if got := metaOf(t, s, "long"); got != "" {
			t.Errorf("a change that was refused is there, %d bytes", len(got))
		}
	}
}

func TestFullDisk(t *testing.T) {
	apart(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, put)
		ballast := fill(t, dir)
		refused(t, s)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		update(t, s, long)
		if err := s.Failed(); err != nil {
			t.Errorf("failed: %v", err)
		}
		fill(t, dir)
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		s, err = Open(t.Context(), dir, quiet)
		if err != nil {
			t.Fatalf("open on a full disk: %v", err)
		}
		if got := metaOf(t, s, "long"); len(got) != 200_000 {
			t.Errorf("%d bytes are left", len(got))
		}
		if err := errors.Join(s.Close(), syscall.Unmount(dir, 0)); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// A file system that the kernel turns read-only, since its disk fails.
func TestDiskTurnsReadOnly(t *testing.T) {
	apart(t, func(t *testing.T) {
		image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
		run := func(name string, args ...string) {
			t.Helper()
			if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s %v: %v: %s", name, args, err, out)
			}
		}
		run("mkfs.ext4", "-q", image, "8m")
		run("mount", "-o", "loop", image, dir)
		s, err := Open(t.Context(), filepath.Join(dir, "vifd"), quiet)
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, put)
		run("mount", "-o", "remount,abort", dir)
		refused(t, s)
		if err := s.Close(); err != nil {
			t.Logf("close: %v", err)
		}
		_, err = Open(t.Context(), filepath.Join(dir, "vifd"), quiet)
		wantKind(t, err, vif.Unavailable)
		run("umount", dir)
		run("mount", "-o", "loop", image, dir)
		s, err = Open(t.Context(), filepath.Join(dir, "vifd"), quiet)
		if err != nil {
			t.Fatal(err)
		}
		if got := metaOf(t, s, "a"); got != "b" || s.SetAside() != "" {
			t.Errorf("a = %q, set aside %q", got, s.SetAside())
		}
		update(t, s, long)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		run("umount", dir)
	})
}

// A backup is whole, is for its owner only, and leaves nothing beside it.
func TestBackup(t *testing.T) {
	t.Parallel()
	s, dir := open(t, t.TempDir()), t.TempDir()
	path := filepath.Join(dir, "vifd.db")
	for i := range 3 {
		want := fmt.Sprint(i)
		update(t, s, func(tx *Tx) error { return tx.PutMeta("n", want) })
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx *Tx) error { return tx.PutMeta("n", "later") })
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		info, statErr := os.Stat(path)
		if err := errors.Join(err, statErr); err != nil || len(names) != 1 || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v, %v", names, info, err)
		}
		restored := open(t, copied(t, path))
		if got := metaOf(t, restored, "n"); got != want || restored.SetAside() != "" {
			t.Errorf("n = %q, want %q", got, want)
		}
	}
	wantKind(t, s.Backup(t.Context(), filepath.Join(dir, "no", "where")), vif.Unavailable)
}

// A backup takes the place of another one only.
func TestBackupReplacesBackups(t *testing.T) {
	t.Parallel()
	at, dir := t.TempDir(), t.TempDir()
	s, other := open(t, at), filepath.Join(dir, "passwd")
	if err := errors.Join(os.WriteFile(other, []byte("root:x:0:0\n"), 0o644), os.Mkdir(filepath.Join(dir, "sub.part"), 0o755),
		os.WriteFile(filepath.Join(dir, "sub.part", "kept"), nil, 0o644), os.Symlink("backup", filepath.Join(dir, "link")), s.Backup(t.Context(), filepath.Join(dir, "backup")), syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]vif.Kind{
		other: vif.Invalid, dir: vif.Invalid, filepath.Join(dir, "link"): vif.Invalid, filepath.Join(dir, "fifo"): vif.Invalid,
		filepath.Join(at, "vifd.db"): vif.Invalid, filepath.Join(dir, "sub"): vif.Unavailable,
	} {
		wantKind(t, s.Backup(t.Context(), path), kind)
	}
	_, kept := os.Stat(filepath.Join(dir, "sub.part", "kept"))
	if text, err := os.ReadFile(other); err != nil || string(text) != "root:x:0:0\n" || kept != nil {
		t.Errorf("%q, %v, %v", text, err, kept)
	}
	update(t, s, func(tx *Tx) error { return tx.PutMeta("n", "still here") })
}

// A backup is read by whatever name it has, from wherever one is.
func TestReadByAnyName(t *testing.T) {
	s, dir := open(t, t.TempDir()), t.TempDir()
	update(t, s, func(tx *Tx) error { return tx.PutMeta("n", "here") })
	t.Chdir(dir)
	for _, name := range []string{"vifd.db", "./vifd.db", "a b", "50%", "a?mode=rw", "#1", "é&é", "host:80"} {
		if err := s.Backup(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		r, err := ReadFile(t.Context(), name, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if got := metaOf(t, r, "n"); got != "here" {
			t.Errorf("%q has %q", name, got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// copied returns a directory with a copy of the database.
func copied(t *testing.T, path string) string {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "vifd.db"), all, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
