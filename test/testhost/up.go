package testhost

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// upTimeout bounds the making of a host, which takes some seconds: an idle
// machine has it up in 7, one with much else to do needs longer.
const upTimeout = 2 * time.Minute

// up returns a host of options o when all of it is ready.
func up(o Options) (*Host, error) {
	ctx, cancel := context.WithTimeout(context.Background(), upTimeout)
	defer cancel()
	h, err := lay(o)
	if err != nil {
		return nil, err
	}
	if err := together(ctx, h.startSwitch, h.startLibvirt, h.writeInitramfs); err != nil {
		return nil, err
	}
	return h, together(ctx, h.startVifd, h.startGuests(o.Guests))
}

// lay makes the host's directory and writes the configuration, and tells the
// environment where they are.
func lay(o Options) (*Host, error) {
	dir, err := os.MkdirTemp("/run", "vifd-host-")
	if err != nil {
		return nil, err
	}
	h := &Host{Dir: dir, Socket: filepath.Join(vifdRun, "vifd.sock"), networks: o.Networks}
	h.OVSDB, h.VSwitchd, h.Virtlogd, h.Libvirtd = h.ovsdb(), h.vswitchd(), h.virtlogd(), h.libvirtd()
	if o.Vifd {
		h.Binary = os.Getenv("VIFD")
		h.Vifd = h.vifd()
	}
	for _, d := range []string{dir, h.path("guests")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
		if err := os.Chmod(d, 0o755); err != nil { // QEMU is not root, and comes in
			return nil, err
		}
	}
	for name, text := range o.files() {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return h, h.setenv()
}

func (o Options) files() map[string]string {
	files := map[string]string{}
	for name, text := range settings {
		files[name] = text
	}
	if o.Config != "" {
		files["/etc/vifd/vifd.toml"] = o.Config
	}
	return files
}

func (h *Host) setenv() error {
	for name, value := range map[string]string{
		"VIFD_HOST_DIR":       h.Dir,
		"VIFD_SOCKET":         h.Socket,
		"VIFD":                h.Binary,
		"LIBVIRT_DEFAULT_URI": "qemu:///system",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) startSwitch(ctx context.Context) error {
	for _, d := range []*Daemon{h.OVSDB, h.VSwitchd} {
		if err := d.Start(ctx); err != nil {
			return err
		}
	}
	return addBridge(ctx)
}

func (h *Host) startLibvirt(ctx context.Context) error {
	for _, d := range []*Daemon{h.Virtlogd, h.Libvirtd} {
		if err := d.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) startVifd(ctx context.Context) error {
	if h.Vifd == nil {
		return nil
	}
	if err := h.Vifd.Start(ctx); err != nil {
		return err
	}
	for _, n := range h.networks {
		if err := h.createNetwork(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
