package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// recordings are the exchanges with a real Nova that agent/api is held to, too,
// and better.json what vifd answers otherwise, and why.
const recordings = "../../agent/api/testdata/nova/"

// An exchange is a request and what Nova answered.
type exchange struct {
	name, who    string
	method, path string
	sent         []string // headers
	body         string
	status       int
	answered     http.Header
	answer       string
}

// A betterAnswer is vifd's, in place of Nova's.
type betterAnswer struct {
	Status int
	Answer string
}

// exchanges returns all that were recorded, with vifd's answers in place of Nova's
// where they are better.
func exchanges(t *testing.T) []exchange {
	t.Helper()
	raw, err := os.ReadFile(recordings + "exchanges.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(recordings + "better.json")
	if err != nil {
		t.Fatal(err)
	}
	var differences []struct {
		Recorded map[string]betterAnswer
	}
	if err := json.Unmarshal(list, &differences); err != nil {
		t.Fatal(err)
	}
	better := map[string]betterAnswer{}
	for _, d := range differences {
		maps.Copy(better, d.Recorded)
	}
	var all []exchange
	for part := range strings.SplitSeq(strings.TrimPrefix(string(raw), "== "), "\n== ") {
		e := readExchange(part)
		if b, ok := better[e.name]; ok {
			e.status, e.answer = b.Status, b.Answer
			e.answered.Del("Content-Type")
		}
		all = append(all, e)
	}
	return all
}

func readExchange(text string) exchange {
	request, answer, _ := strings.Cut(text, "\n-- ")
	e := exchange{answered: http.Header{}}
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(head, "\n")
	e.name, e.who, _ = strings.Cut(lines[0], " ")
	e.method, e.path, _ = strings.Cut(lines[1], " ")
	e.sent = lines[2:]
	e.body = strings.ReplaceAll(strings.TrimSpace(body), "@large", strings.Repeat("x", 120<<10))
	head, body, _ = strings.Cut(answer, "\n\n")
	lines = strings.Split(head, "\n")
	e.status, _ = strconv.Atoi(lines[0])
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ": ")
		e.answered.Add(name, value)
	}
	e.answer = strings.TrimSpace(body)
	return e
}
