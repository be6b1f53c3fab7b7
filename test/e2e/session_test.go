package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A shown command is one of a session in the documentation, and what it prints
// there.
type shownCommand struct{ command, prints string }

// The sessions in the documentation are as they are: each block that is fenced as
// "console" is run on this host, a shell for each page, and prints what it says. A
// block that is fenced as "go" is a program of theirs.
func TestSessions(t *testing.T) {
	path := tools(t)
	for _, page := range []string{"README.md", "docs/api.md"} {
		t.Run(page, func(t *testing.T) {
			clean(t)
			openly(t)
			peer(t, "blue", "10.20.0.250/24") // the one of the sessions, which is to go with them
			session := readSession(t, "../../"+page)
			buildPrograms(t, "../../"+page, path)
			got := runSession(t, path, session)
			for i, s := range session {
				if want := regexp.MustCompile(pattern(s.prints)); !want.MatchString(plain(got[i])) {
					t.Errorf("$ %s\nprints\n%s\nand not\n%s", s.command, got[i], s.prints)
				}
			}
		})
	}
}

// readSession returns the commands of all sessions in a page.
func readSession(t *testing.T, file string) (session []shownCommand) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		t.Fatalf("%s has no sessions", file)
	}
	for _, b := range blocks {
		for part := range strings.SplitSeq("\n"+b[1], "\n$ ") {
			if part == "" {
				continue
			}
			lines := strings.Split(part, "\n")
			last := slices.IndexFunc(lines, func(l string) bool { return !strings.HasSuffix(l, `\`) })
			session = append(session, shownCommand{strings.Join(lines[:last+1], "\n"), strings.TrimSpace(strings.Join(lines[last+1:], "\n"))})
		}
	}
	return session
}

// buildPrograms builds the programs of a page into a directory. The name of each
// is the first word of its text.
func buildPrograms(t *testing.T, page, dir string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range regexp.MustCompile("(?ms)^```go\n(// ([a-z]+) .*?)^```$").FindAllStringSubmatch(string(text), -1) {
		source := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(source, []byte(b[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		build := exec.CommandContext(within(t, 8*patience), "go", "build", "-o", filepath.Join(dir, b[2]), source)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("the program %s of %s: %v: %s", b[2], page, err, out)
		}
	}
}

// runSession runs the commands in one shell, and returns what each printed.
func runSession(t *testing.T, path string, session []shownCommand) []string {
	t.Helper()
	const mark = "\x01"
	var script strings.Builder
	for _, s := range session {
		fmt.Fprintf(&script, "%s\nprintf '%s'\n", s.command, mark)
	}
	cmd := exec.CommandContext(within(t, 8*patience), "bash", "-c", script.String())
	cmd.Env = append(os.Environ(), "PATH="+path+":/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONWARNINGS=ignore")
	out, err := cmd.CombinedOutput()
	printed := strings.Split(string(out), mark)
	if err != nil || len(printed) != len(session)+1 {
		t.Fatalf("%v: %s", err, out)
	}
	return printed
}

// What is another each time: numbers of all kinds, by what they look like.
var changing = []struct{ looks, as string }{
	{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "ID"},
	{`([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}`, "MAC"},
	{`\btap[0-9a-f]{8}-[0-9a-f]{2}`, "TAP"},
	{`\b10\.20\.0\.\d+`, "IPV4"},
	{`\bfd00:20::[0-9a-f]+`, "IPV6"},
	{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*Z?`, "TIME"},
	{`\b(ofport +)\d+`, "${1}NUMBER"},
	{`[0-9.]+/[0-9.]+/[0-9.]+/[0-9.]+ ms`, "MS"},
	{`\d+(\.\d+)? ?ms\b`, "MS"},
	{`(?m)^✓ link .*\n`, ""}, // of a NIC that was shown ahead of its wire
	{`-{3,}`, "--"},
	{`[ \t]+`, " "}, // of which columns have more or fewer
}

// plain returns text without what changes, and its steps in the order of their
// names, for some are done side by side.
func plain(text string) string {
	for _, c := range changing {
		text = regexp.MustCompile(c.looks).ReplaceAllString(text, c.as)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	slices.SortStableFunc(lines, func(a, b string) int {
		if strings.HasPrefix(a, "✓") && strings.HasPrefix(b, "✓") {
			return strings.Compare(a, b)
		}
		return 0
	})
	return strings.Join(lines, "\n")
}

// pattern returns the expression that text stands for: … is anything.
func pattern(text string) string {
	return "^(?s)" + strings.ReplaceAll(regexp.QuoteMeta(plain(text)), "…", ".*") + "$"
}

// tools returns a directory with the commands that a shell in the host has.
func tools(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	self := filepath.Join(dir, "guest")
	build := exec.CommandContext(within(t, 8*patience), "go", "build", "-o", self, "vifd/test/testhost/cmd/testhost")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, to := range map[string]string{"peer": self, "vifd": host.Binary} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
