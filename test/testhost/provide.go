package testhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// cacheVar names the directory with the guests' kernel and modules.
const cacheVar = "VIFD_GUEST_CACHE"

// provide returns the environment for a host of options o, having seen to it,
// while still on the machine, that what the host needs is there.
func provide(o Options) ([]string, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	cache := filepath.Join(root, ".cache", "guest")
	if _, err := os.Stat(filepath.Join(cache, "vmlinuz")); err != nil && len(o.Guests) > 0 {
		return nil, errors.New("no kernel for the guests: run make guest")
	}
	env := []string{cacheVar + "=" + cache}
	if !o.Vifd {
		return env, nil
	}
	binary, err := vifd(root)
	return append(env, "VIFD="+binary), err
}

// vifd returns the path of $VIFD, or of this module's vifd, built anew.
func vifd(root string) (string, error) {
	if binary := os.Getenv("VIFD"); binary != "" {
		return filepath.Abs(binary)
	}
	binary := filepath.Join(root, "bin", "vifd")
	build := exec.Command("go", "build", "-o", binary, "./cmd/vifd")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build vifd: %w", err)
	}
	return binary, nil
}

// moduleRoot returns the directory of the go.mod that the program runs in.
func moduleRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in the source of vifd", start)
		}
	}
}
