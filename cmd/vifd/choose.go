package main

import (
	"errors"
	"net"
	"slices"
	"strings"

	"vifd/vif"
)

// shortest is the shortest beginning of an ID that stands for it. With less, a
// tag that is not there, such as db, would be the beginning of some other port.
const shortest = 8

// choose returns the one attachment that the word means: the one with that ID,
// or else the only one whose ID begins with it, or whose name, tag or MAC it is.
// where is the place that all were found in, for the message.
func choose(all []vif.Attachment, word, where string) (vif.Attachment, error) {
	if at, err := chooseExactly(all, word, where); err == nil || word == strings.TrimSpace(word) || !errors.Is(err, vif.NotFound) {
		return at, err // a tag may begin or end with a blank
	}
	return chooseExactly(all, strings.TrimSpace(word), where)
}

func chooseExactly(all []vif.Attachment, word, where string) (vif.Attachment, error) {
	if i := slices.IndexFunc(all, func(at vif.Attachment) bool { return strings.EqualFold(at.Port.ID, word) }); i >= 0 {
		return all[i], nil
	}
	var found []vif.Attachment
	for _, at := range all {
		if means(word, at) {
			found = append(found, at)
		}
	}
	switch len(found) {
	case 0:
		return vif.Attachment{}, vif.NotFound.Because("%s has no interface with the ID, name, tag or MAC %q", where, word)
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, at := range found {
		ids = append(ids, at.Port.ID)
	}
	return vif.Attachment{}, vif.Ambiguous.Because("%q fits more than one interface: %s", word, strings.Join(ids, ", "))
}

func means(word string, at vif.Attachment) bool {
	if word == "" {
		return false
	}
	if mac, err := net.ParseMAC(word); err == nil && mac.String() == at.Port.MAC {
		return true
	}
	return word == at.Port.Name || word == string(at.Tag) || len(word) >= shortest && strings.HasPrefix(at.Port.ID, strings.ToLower(word))
}
