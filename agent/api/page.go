package api

import (
	"net/url"
	"slices"
	"strconv"

	"vifd/vif"
)

// maxPage is how many things Nova shows at most at a time.
const maxPage = 1000

// page returns the part of list that limit and marker ask for.
func page[T any](list []T, q url.Values, id func(T) string) ([]T, error) {
	if marker := q.Get("marker"); marker != "" {
		i := slices.IndexFunc(list, func(t T) bool { return id(t) == canonical(marker) })
		if i < 0 {
			return nil, vif.Invalid.Because("marker [%s] not found", marker)
		}
		list = list[i+1:]
	}
	limit, err := queriedLimit(q)
	if err != nil || limit == 0 {
		return list, err // 0 is no limit, as in Nova
	}
	return list[:min(limit, len(list))], nil
}

// queriedLimit returns the limit of q, or 0 for none.
func queriedLimit(q url.Values) (int, error) {
	text := q.Get("limit")
	if text == "" {
		return 0, nil
	}
	limit, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, badQuery("limit", text, "does not match '^[0-9]*$'")
	}
	return int(limit), nil
}

// pageOf returns the part of list that c's query asks for, which is never more
// than Nova would show, and the query for the part after it: "" where that is
// sure to be empty.
func pageOf[T any](c *call, list []T, id func(T) string) ([]T, string, error) {
	q := c.URL.Query()
	limit, err := queriedLimit(q)
	if err != nil {
		return nil, "", err
	}
	size := maxPage
	if limit > 0 {
		size = min(limit, maxPage)
	}
	q.Set("limit", strconv.Itoa(size))
	part, err := page(list, q, id)
	if err != nil || len(part) < size {
		return part, "", err
	}
	if limit == 0 {
		q.Del("limit")
	}
	q.Set("marker", id(part[len(part)-1]))
	return part, q.Encode(), nil
}
