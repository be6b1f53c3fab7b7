package testhost

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed guest/init
var guestInit []byte

// guestModules are the modules that the guest loads, in this order.
//
//go:embed guest/modules
var guestModules string

// writeInitramfs puts the guests' kernel and first root where QEMU may read
// them. Where the machine has no kernel for guests, it does nothing.
func (h *Host) writeInitramfs(context.Context) error {
	cache := os.Getenv(cacheVar)
	kernel, err := os.ReadFile(filepath.Join(cache, "vmlinuz"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	h.kernel, h.initrd = h.path("vmlinuz"), h.path("initramfs")
	if err := os.WriteFile(h.kernel, kernel, 0o644); err != nil {
		return err
	}
	f, err := os.Create(h.initrd)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	if err := pack(&archive{w: w}, filepath.Join(cache, "modules")); err != nil {
		return fmt.Errorf("write %s: %w", h.initrd, err)
	}
	return w.Flush()
}

// pack writes the guest's first root: busybox, the init, and the modules.
func pack(a *archive, modules string) error {
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return err
	}
	for _, dir := range []string{"bin", "dev", "modules"} {
		if err := a.add(dir, directory, nil); err != nil {
			return err
		}
	}
	if err := a.device("dev/console", 5, 1); err != nil { // init's first output goes there
		return err
	}
	if err := a.add("bin/busybox", regular, busybox); err != nil {
		return err
	}
	if err := a.add("init", regular, guestInit); err != nil {
		return err
	}
	for i, module := range strings.Fields(guestModules) {
		data, err := os.ReadFile(filepath.Join(modules, path.Base(module)))
		if err != nil {
			return err
		}
		if err := a.add(fmt.Sprintf("modules/%02d-%s", i, path.Base(module)), regular, data); err != nil {
			return err
		}
	}
	return a.close()
}
