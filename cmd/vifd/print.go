package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

// A format is how data is printed.
type format string

var formats = []string{"table", "json", "name"}

func (f *format) String() string {
	if *f == "" {
		return formats[0]
	}
	return string(*f)
}

func (f *format) Type() string { return "format" }

func (f *format) Set(s string) error {
	if !slices.Contains(formats, s) {
		return fmt.Errorf("must be one of %s", strings.Join(formats, ", "))
	}
	*f = format(s)
	return nil
}

// A document is data in every format.
type document struct {
	data   any      // as JSON
	names  []string // what identifies each
	header []string // of the table; nil for one thing, whose rows are its members
	rows   []row
}

// A row is a line of a table. The tint is its last cell's.
type row struct {
	cells []string
	tint  colour
}

func cells(cells ...string) row { return row{cells: cells} }

// print writes d to stdout.
func (a *app) print(d document) error {
	switch a.output.String() {
	case "json":
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(d.data)
	case "name":
		for _, n := range d.names {
			if _, err := fmt.Fprintln(a.out, printable(n)); err != nil {
				return err
			}
		}
		return nil
	}
	return a.table(d)
}

func (a *app) table(d document) error {
	t := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	if d.header != nil {
		d.rows = append([]row{{cells: d.header}}, d.rows...)
	}
	for _, r := range d.rows {
		var line []string
		for _, c := range r.cells {
			line = append(line, printable(c))
		}
		last := len(line) - 1
		line[last] = a.paint(a.outTTY, r.tint, line[last])
		if _, err := fmt.Fprintln(t, strings.Join(line, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}

// printable keeps what others wrote, such as names, from breaking a row or
// steering the terminal.
func printable(cell string) string {
	if cell == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, cell)
}
