package systemd

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var explanation = regexp.MustCompile(`(?m)^-- ([0-9a-f]{32})\nSubject: .+\nDefined-By: vifd\n\n[^\n]`)

// Each message that has an ID is explained, and nothing else is.
func TestCatalog(t *testing.T) {
	text, err := os.ReadFile("vifd.catalog")
	if err != nil {
		t.Fatal(err)
	}
	var explained []string
	for _, m := range explanation.FindAllStringSubmatch(string(text), -1) {
		explained = append(explained, m[1])
	}
	slices.Sort(explained)
	if ids := slices.Sorted(maps.Values(messages)); !slices.Equal(explained, ids) || len(slices.Compact(ids)) != len(messages) {
		t.Errorf("explained are %v\nand there are %v", explained, ids)
	}
}

// Each message that has an ID is one that the code logs.
func TestMessagesAreSaid(t *testing.T) {
	var code strings.Builder
	for _, room := range []string{"../agent", "../vif"} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			code.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for message := range messages {
		said := regexp.MustCompile(`[lL]og\.\w+\([^"\n]*` + regexp.QuoteMeta(strconv.Quote(message)))
		if !said.MatchString(code.String()) {
			t.Errorf("nothing logs %q", message)
		}
	}
}
