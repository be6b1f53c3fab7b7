package e2e

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vifd/test/wait"
)

const storeCode = "../../agent/store/"

// A release is a vifd to come, which has one script more for the store than
// this one.
type release struct {
	script   string
	readable string // the oldest version that can go on with its store; "" is what this vifd says
}

// fits can be gone back from, and breaks cannot.
var (
	fits   = release{script: "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT; INSERT INTO later VALUES (1);"}
	breaks = release{script: "ALTER TABLE answer ADD COLUMN later TEXT NOT NULL DEFAULT '';", readable: strconv.Itoa(newest() + 1)}
)

// newest returns the version of this vifd's store.
func newest() int {
	scripts, _ := filepath.Glob(storeCode + "schema/*.sql")
	return len(scripts)
}

var readable = regexp.MustCompile(`const readable = \d+`)

// build returns the binary of r: this source, with what r has besides laid over.
func (r release) build(t *testing.T) string {
	t.Helper()
	code, err := os.ReadFile(storeCode + "schema.go")
	if err != nil || len(readable.FindAll(code, -1)) != 1 {
		t.Fatalf("where readable is said in schema.go cannot be found: %v", err)
	}
	laid := map[string]string{"schema/" + strconv.Itoa(newest()+1) + ".sql": r.script}
	if r.readable != "" {
		laid["schema.go"] = readable.ReplaceAllString(string(code), "const readable = "+r.readable)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range laid {
		over, err := filepath.Abs(storeCode + name)
		if err != nil {
			t.Fatal(err)
		}
		replace[over] = write(t, filepath.Join(dir, filepath.Base(name)), text)
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(dir, "vifd")
	overlay := write(t, filepath.Join(dir, "overlay.json"), string(list))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", overlay, "-o", built, "vifd/cmd/vifd").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return built
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// installed puts another vifd in the place of the host's, which does not run,
// until removed, or the end of the test, which stops it.
func installed(t *testing.T, built string) {
	t.Helper()
	sh(t, "mount --bind "+built+" "+host.Binary)
	t.Cleanup(func() {
		if strings.Contains(sh(t, "cat /proc/self/mountinfo"), " "+host.Binary+" ") {
			stopVifd(t)
			removed(t)
		}
	})
}

func removed(t *testing.T) {
	t.Helper()
	sh(t, "umount "+host.Binary)
}

// stored returns the schema version of the store, while no vifd runs.
func stored(t *testing.T) int {
	t.Helper()
	db, err := os.ReadFile(stateDir + "/vifd.db")
	if err != nil || len(db) < 64 {
		t.Fatalf("%d bytes: %v", len(db), err)
	}
	return int(binary.BigEndian.Uint32(db[60:]))
}

// One may go to the next version, and back by one, under traffic: no ping is
// lost, and either vifd works with what the other has left.
func TestUpgradeAndBack(t *testing.T) {
	clean(t)
	next := fits.build(t)
	p := plug(t, "g1", `{"net_id": "$blue", "tag": "kept"}`)
	friend := peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	wait.Until(t, patience, persisted(t, p.Port))
	before := details(t, p.Port)
	works := func(version int) nic {
		t.Helper()
		if after := details(t, p.Port); after != before {
			t.Errorf("with version %d the NIC was %+v and is %+v", version, before, after)
		}
		return attach(t, host.Guest("g2"), blue)
	}
	ping := pinging(t, friend, p.ip(4).String())
	mine := works(newest())
	stopVifd(t)
	t.Cleanup(func() { startVifd(t) })
	installed(t, next)
	startVifd(t)
	theirs := works(newest() + 1)
	detach(t, host.Guest("g2"), mine.Port)
	stopVifd(t)
	if v := stored(t); v != newest()+1 {
		t.Errorf("the next vifd left a store of version %d", v)
	}
	removed(t)
	startVifd(t)
	detach(t, host.Guest("g2"), works(newest()).Port)
	detach(t, host.Guest("g2"), theirs.Port)
	ping(t)
	detach(t, p.guest, p.Port)
}

// Where there is no way back, the older vifd says so and ends, touches nothing,
// and the newer one goes on.
func TestNoWayBack(t *testing.T) {
	clean(t)
	next := breaks.build(t)
	p := plug(t, "g1", blue)
	friend := peer(t, "blue", "10.20.0.250/24")
	in(t, p.guest, "ping -c 1 -W 10 10.20.0.250")
	wait.Until(t, patience, persisted(t, p.Port))
	before := details(t, p.Port)
	stopVifd(t)
	sh(t, "cp -a "+stateDir+" /run/state.before")
	t.Cleanup(func() { back(t) })
	ping := pinging(t, friend, p.ip(4).String())
	installed(t, next)
	startVifd(t)
	stopVifd(t)
	removed(t)
	db := sh(t, "sha256sum "+stateDir+"/vifd.db*")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, host.Binary, "serve").CombinedOutput()
	if want := "schema version " + strconv.Itoa(newest()+1); err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, want it to name %q in\n%s", err, want, out)
	}
	if now := sh(t, "sha256sum "+stateDir+"/vifd.db*"); now != db {
		t.Errorf("the store was\n%s\nand is\n%s", db, now)
	}
	installed(t, next)
	startVifd(t)
	if after := details(t, p.Port); after != before {
		t.Errorf("the NIC was %+v and is %+v", before, after)
	}
	detach(t, host.Guest("g2"), attach(t, host.Guest("g2"), blue).Port)
	ping(t)
}
