package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vifd/vif"
)

// A difference is a request that vifd answers otherwise than Nova, on purpose:
// in the words of the documentation, and in what shows it. testdata/nova/better.json
// has all of them.
type difference struct {
	Request, Nova, Vifd, Why string
	Recorded                 map[string]betterAnswer // by the name of the exchange
	Tried                    []tried
	Tests                    []string // what shows it that is no single answer
	Unanswered               []string // recordings of what vifd does not do at all
}

// A betterAnswer is vifd's to an exchange that was recorded.
type betterAnswer struct {
	Status int
	Answer string
}

// A tried request is one of which there is no recording.
type tried struct {
	Method, Path, Version, Body string
	Fails                       string // what every change to the host answers
	Status                      int
	Says                        string
}

func differences(t *testing.T) (all []difference) {
	t.Helper()
	raw, err := os.ReadFile("testdata/nova/better.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// betterAnswers returns vifd's answers to what was recorded, by its name.
func betterAnswers(t *testing.T) map[string]betterAnswer {
	t.Helper()
	better := map[string]betterAnswer{}
	for _, d := range differences(t) {
		maps.Copy(better, d.Recorded)
	}
	return better
}

var (
	largeBodies = map[string]string{
		"@deep": `{"interfaceAttachment": ` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "}",
		"@wide": `{"interfaceAttachment": [` + strings.Repeat("0,", 4095) + "0]}",
	}
	failures = map[string]error{"internal": errors.New("nobody has foreseen this"), "unavailable": vif.Unavailable.Because("the switch is down")}
)

// TestDifferences puts what Nova answers otherwise and nobody has recorded.
func TestDifferences(t *testing.T) {
	for _, d := range differences(t) {
		for i, try := range d.Tried {
			t.Run(fmt.Sprint(d.Request, i), func(t *testing.T) {
				w := recordedWorld()
				w.fail = failures[try.Fails]
				if w.fail == nil && try.Fails != "" {
					t.Fatalf("there is no failure %q", try.Fails)
				}
				body := try.Body
				if large, ok := largeBodies[body]; ok {
					body = large
				}
				got := ask(serve(t, w, identities["member"]), try.Method, try.Path, body, versionHeader, "compute "+try.Version)
				want(t, got, try.Status, try.Says)
			})
		}
	}
}

// Each difference is shown by something, and names only what there is: every
// exchange and every test.
func TestDifferencesAreShown(t *testing.T) {
	var recorded []string
	for _, e := range readExchanges(t, "nova/exchanges.txt") {
		recorded = append(recorded, e.name)
	}
	tests := testNames(t, ".", "../../test/e2e")
	for _, d := range differences(t) {
		if len(d.Recorded)+len(d.Tried)+len(d.Tests) == 0 || d.Nova == "" || d.Vifd == "" || d.Why == "" {
			t.Errorf("%q is not whole, or not shown by anything", d.Request)
		}
		for name := range d.Recorded {
			if !slices.Contains(recorded, name) {
				t.Errorf("%q names the exchange %s, which was not recorded", d.Request, name)
			}
		}
		for _, name := range d.Tests {
			if !slices.Contains(tests, name) {
				t.Errorf("%q names %s, which is no test", d.Request, name)
			}
		}
		for _, name := range d.Unanswered {
			if slices.Contains(recorded, name) {
				t.Errorf("%q says that nothing answers %s, which is replayed", d.Request, name)
			}
		}
	}
}

// testNames returns the tests in the directories.
func testNames(t *testing.T, dirs ...string) (names []string) {
	t.Helper()
	for _, dir := range dirs {
		files, err := filepath.Glob(dir + "/*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for part := range strings.SplitSeq(string(text), "\nfunc ") {
				if name, _, ok := strings.Cut(part, "(t *testing.T) {"); ok && strings.HasPrefix(name, "Test") {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// The documentation has the same table, row by row.
func TestDifferencesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "### Where vifd differs from Nova\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, rows, _ := strings.Cut(section, "|---|---|---|---|\n")
	var want strings.Builder
	for _, d := range differences(t) {
		fmt.Fprintf(&want, "| %s | %s | %s | %s |\n", d.Request, d.Nova, d.Vifd, d.Why)
	}
	if strings.TrimSpace(rows) != strings.TrimSpace(want.String()) {
		t.Errorf("docs/api.md has\n%s\nand the differences are\n%s", rows, want.String())
	}
}
