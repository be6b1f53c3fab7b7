package main

import (
	"fmt"

	"vifd/vif"
)

// steps returns what tells each step of an attach or a detach as it ends: on a
// terminal, or with --verbose. Each of several interfaces has a number. Else it returns nil, and nobody is asked to tell.
func (a *app) steps() func(vif.Progress) {
	if !a.errTTY && !a.verbose {
		return nil
	}
	return func(p vif.Progress) {
		mark, why := a.paint(a.errTTY, green, "✓"), ""
		if p.Err != "" {
			mark, why = a.paint(a.errTTY, red, "✗"), "  "+printable(p.Err)
		}
		if p.Item > 0 {
			mark = fmt.Sprintf("%s %2d", mark, p.Item)
		}
		fmt.Fprintf(a.err, "%s %-10s %8.1f ms%s\n", mark, printable(p.Step), p.Ms, why)
	}
}
