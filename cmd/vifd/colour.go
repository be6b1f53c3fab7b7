package main

import "vifd/vif"

// Colours, as terminals know them (ECMA-48 SGR).
type colour string

const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

// paint colours text for a terminal, unless NO_COLOR is set or it is dumb.
func (a *app) paint(tty bool, c colour, text string) string {
	if !tty || c == "" || a.env("NO_COLOR") != "" || a.env("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

var stateColours = map[vif.State]colour{
	vif.Active: green,
	vif.Build:  yellow,
	vif.Down:   yellow,
	vif.Error:  red,
}
