package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"vifd/vif"
)

// controls are the keys of a query that do not filter. The order is ours.
var controls = []string{"fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "verbose"}

// query returns the views that c's query asks for, with the fields that it asks
// for. A key that is no field of example is an error: a filter that does not filter would
// hand a careless script everything.
func query(c *call, example object, views []object) ([]object, error) {
	q, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return nil, vif.Invalid.From(err, "The query could not be read: write it as key=value&key=value, escaped.")
	}
	if err := checkFilters(q, example); err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(views, func(v object) bool { return !matches(v, q) })
	found, err = page(found, q, func(v object) string { return text(v, "id", "") })
	if err != nil || len(q["fields"]) == 0 {
		return found, err
	}
	for i := range found {
		found[i] = found[i].only(q["fields"])
	}
	return found, nil
}

func checkFilters(q url.Values, example object) error {
	for key := range q {
		if slices.Contains(controls, key) {
			continue
		}
		if _, known := example.get(key); !known {
			return &httpError{status: http.StatusBadRequest, text: fmt.Sprintf("[%s] is invalid attribute for filtering", repr(key))}
		}
	}
	return nil
}

// matches tells whether v passes every filter of q: of the values of one key,
// one has to match.
func matches(v object, q url.Values) bool {
	for key, wanted := range q {
		if slices.Contains(controls, key) {
			continue
		}
		field, _ := v.get(key)
		if list, ok := field.([]string); ok {
			if !slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(list, w) || slices.Contains(list, canonical(w)) }) {
				return false
			}
			continue
		}
		if addresses, ok := field.([]object); ok {
			if !matchesAddresses(addresses, wanted) {
				return false
			}
			continue
		}
		if !slices.ContainsFunc(wanted, func(w string) bool { return matchesField(key, field, w) }) {
			return false
		}
	}
	return true
}

func matchesField(key string, field any, wanted string) bool {
	have := fmt.Sprint(field)
	switch field.(type) {
	case nil:
		return wanted == "" || wanted == "None"
	case bool:
		return strings.EqualFold(have, wanted) || map[string]string{"1": "true", "0": "false"}[wanted] == have
	}
	if mac, ok := parseMAC(wanted); ok && key == "mac_address" {
		wanted = mac
	}
	return have == wanted || have == canonical(wanted)
}

// matchesAddresses tells whether one of the addresses is as wanted: each of
// wanted is "ip_address=…", "subnet_id=…" or "ip_address_substr=…". Of those of one
// kind one has to match, and of each kind some.
func matchesAddresses(addresses []object, wanted []string) bool {
	kinds := map[string][]string{}
	for _, w := range wanted {
		kind, value, _ := strings.Cut(w, "=")
		kinds[kind] = append(kinds[kind], value)
	}
	return slices.ContainsFunc(addresses, func(o object) bool {
		for kind, values := range kinds {
			if !slices.ContainsFunc(values, func(v string) bool { return matchesAddress(o, kind, v) }) {
				return false
			}
		}
		return true
	})
}

func matchesAddress(o object, kind, wanted string) bool {
	switch kind {
	case "ip_address":
		a, ok := parseAddr(wanted)
		return ok && value(o, kind) == any(a)
	case "ip_address_substr":
		a, _ := value(o, "ip_address").(netip.Addr)
		return strings.Contains(a.String(), wanted)
	}
	return value(o, kind) == any(canonical(wanted))
}
