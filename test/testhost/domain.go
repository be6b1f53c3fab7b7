package testhost

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"text/template"
)

//go:embed guest/domain.xml
var domainXML string

// startGuests returns what makes all of guests, side by side.
func (h *Host) startGuests(guests []Guest) func(context.Context) error {
	var all []func(context.Context) error
	for _, g := range guests {
		all = append(all, func(ctx context.Context) error {
			_, err := h.AddGuest(ctx, g)
			return err
		})
	}
	return func(ctx context.Context) error { return together(ctx, all...) }
}

// AddGuest makes a guest as g says and returns when it is up: its init has said
// so or, where it has no OS, its firmware runs.
func (h *Host) AddGuest(ctx context.Context, g Guest) (*Running, error) {
	xml, err := h.domain(g)
	if err != nil {
		return nil, fmt.Errorf("guest %s: %w", g.Name, err)
	}
	file := h.path("guests", g.Name+".xml")
	if err := os.WriteFile(file, []byte(xml), 0o644); err != nil {
		return nil, err
	}
	r := h.Guest(g.Name)
	console := r.Console()
	verb := "define"
	if g.Transient {
		verb = "create"
	}
	if err := virsh(ctx, verb, file); err != nil {
		return nil, err
	}
	if g.Off {
		return r, nil
	}
	if !g.Transient {
		if err := virsh(ctx, "start", g.Name); err != nil {
			return nil, err
		}
	}
	if g.Firmware {
		return r, nil
	}
	return r, r.booted(ctx, console)
}

// domain returns the definition of g.
func (h *Host) domain(g Guest) (string, error) {
	if g.Slots == 0 {
		g.Slots = 8
	}
	var b strings.Builder
	t, err := template.New("domain").Parse(domainXML)
	if err != nil {
		return "", err
	}
	err = t.Execute(&b, map[string]any{
		"Name":     g.Name,
		"UUID":     GuestUUID(g.Name),
		"VCPUs":    max(1, g.VCPUs),
		"Old":      g.Old,
		"Firmware": g.Firmware,
		"Kernel":   h.kernel,
		"Initrd":   h.initrd,
		"Slots":    make([]struct{}, max(0, g.Slots)),
		"Log":      h.path("guests", g.Name+".log"),
		"Shell":    h.path("guests", g.Name+".sock"),
	})
	return b.String(), err
}

// GuestUUID returns the UUID that a guest of that name has on every host
// (RFC 9562, version 8).
func GuestUUID(name string) string {
	b := sha256.Sum256([]byte(name))
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
