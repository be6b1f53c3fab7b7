package api

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// A microversion is a version of the Compute API, as 2.70.
type microversion struct{ major, minor int }

// The microversions that are served: all from oldest to newest, as Nova 26 has
// them.
var (
	oldest = microversion{2, 1}
	newest = microversion{2, 93}
)

func (v microversion) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// atLeast tells whether v is 2.minor or newer.
func (v microversion) atLeast(minor int) bool { return v.minor >= minor }

func (v microversion) served() bool {
	return v.major == oldest.major && v.minor >= oldest.minor && v.minor <= newest.minor
}

const (
	versionHeader = "OpenStack-API-Version"        // "compute 2.70"; counts first
	legacyHeader  = "X-OpenStack-Nova-API-Version" // "2.70"
)

var versionForm = regexp.MustCompile(`^([1-9][0-9]*)\.([1-9][0-9]*|0)$`)

// parseMicroversion returns the version that text asks for: "" is the oldest,
// and "latest" the newest.
func parseMicroversion(text string) (microversion, error) {
	switch text {
	case "":
		return oldest, nil
	case "latest":
		return newest, nil
	}
	m := versionForm.FindStringSubmatch(text)
	if m == nil {
		return microversion{}, &httpError{status: http.StatusBadRequest, text: fmt.Sprintf(
			"API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", shorten(text))}
	}
	return microversion{saturate(m[1]), saturate(m[2])}, nil
}

// saturate returns the number that digits write, or the largest there is.
func saturate(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return math.MaxInt
	}
	return n
}

// askedVersion returns the text of the version that a request's headers ask
// for, or "": of the entries for compute in the first header, the last.
func askedVersion(h http.Header) string {
	text := ""
	for entry := range strings.SplitSeq(strings.Join(h.Values(versionHeader), ","), ",") {
		words := strings.Fields(entry)
		if len(words) >= 2 && strings.EqualFold(words[0], "compute") {
			text = strings.Join(words[1:], " ")
		}
	}
	if text != "" {
		return text
	}
	legacy := strings.Split(strings.Join(h.Values(legacyHeader), ","), ",")
	return strings.TrimSpace(legacy[len(legacy)-1])
}

// negotiate settles c's version. From then on the answer names it, even if it
// is one that is not served.
func (a *API) negotiate(c *call) error {
	if !c.route.as.versioned {
		return nil
	}
	asked := askedVersion(c.Header)
	v, err := parseMicroversion(asked)
	if err != nil {
		return err
	}
	c.version = v
	name := v.String()
	if !v.served() {
		name = asked
	}
	c.answered.Set(versionHeader, "compute "+name)
	c.answered.Set(legacyHeader, name)
	c.answered["Vary"] = []string{versionHeader, legacyHeader}
	if !v.served() {
		return &httpError{status: http.StatusNotAcceptable, text: fmt.Sprintf(
			"Version %s is not supported by the API. Minimum is %v and maximum is %v.", name, oldest, newest)}
	}
	return nil
}
