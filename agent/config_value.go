package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A checker turns values of the file into real types, and gathers what is wrong
// with them. Each of its methods names the key in its complaint.
type checker struct{ wrong []error }

func (c *checker) err() error { return errors.Join(c.wrong...) }

func (c *checker) note(key string, err error) {
	if err != nil {
		c.wrong = append(c.wrong, fmt.Errorf("%s: %w", key, err))
	}
}

// must notes that the value of key must be otherwise, unless ok.
func (c *checker) must(ok bool, key string, value any, format string, args ...any) {
	if !ok {
		c.note(key, fmt.Errorf("%#v must be %s", value, fmt.Sprintf(format, args...)))
	}
}

func (c *checker) word(key, value string, most int) string {
	ok := value != "" && len(value) <= most && !strings.ContainsAny(value, " \t\n/\"'")
	c.must(ok, key, value, "1 to %d characters, without blanks, quotes and slashes", most)
	return value
}

func (c *checker) oneOf(key, value string, words ...string) string {
	c.must(slices.Contains(words, value), key, value, "one of %q", words)
	return value
}

func (c *checker) path(key, value string) string {
	c.must(filepath.IsAbs(value), key, value, "an absolute path")
	return value
}

// socket allows what fits the kernel's struct sockaddr_un.
func (c *checker) socket(key, value string) string {
	c.must(len(value) <= 107, key, value, "at most 107 characters, as any path of a socket")
	return c.path(key, value)
}

func (c *checker) mode(key, value string) os.FileMode {
	bits, err := strconv.ParseUint(value, 8, 9)
	c.must(err == nil && len(value) == 4, key, value, `a file mode such as "0660"`)
	return os.FileMode(bits)
}

func (c *checker) level(key, value string) (l slog.Level) {
	c.must(l.UnmarshalText([]byte(value)) == nil, key, value, `"DEBUG", "INFO", "WARN" or "ERROR"`)
	return l
}

// localURI allows no transport (as in qemu+ssh) and no other host.
func (c *checker) localURI(key, value string) string {
	u, err := url.Parse(value)
	ok := err == nil && u.Scheme != "" && !strings.Contains(u.Scheme, "+") && u.Host == ""
	c.must(ok, key, discreet(u), `a URI of this host's libvirt, such as "qemu:///system"`)
	return value
}

func (c *checker) between(key string, value, least, most int) int {
	c.must(value >= least && value <= most, key, value, "%d to %d", least, most)
	return value
}

func (c *checker) span(key, value string, least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	c.must(err == nil && d >= least && d <= most, key, value, "a time span from %q to %q", least, most)
	return d
}

// guestUser is who Debian's and Ubuntu's libvirt runs guests as.
const guestUser = "libvirt-qemu"

// user returns the number of the user of that name; with none, that of the one
// who guests run as, or -1 where there is no such user.
func (c *checker) user(key, name string) int {
	u, err := user.Lookup(name)
	if name == "" {
		if u, err = user.Lookup(guestUser); err != nil {
			return -1
		}
	}
	c.must(err == nil, key, name, "a user of this host")
	if err != nil {
		return -1
	}
	uid, err := strconv.Atoi(u.Uid)
	c.note(key, err)
	return uid
}
