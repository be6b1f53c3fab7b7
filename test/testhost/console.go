package testhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// A Console is a reader's place in what a guest prints.
type Console struct {
	path string
	at   int64
}

// Line returns the next line that matches pattern, without its end, and leaves
// the Console behind it. When ctx ends first, the error holds what was printed
// instead, and the Console stays where it was.
func (c *Console) Line(ctx context.Context, pattern string) (string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", err
	}
	var line string
	err = until(ctx, func(context.Context) error {
		text, err := c.rest()
		if err != nil {
			return err
		}
		var n int64
		for l := range strings.Lines(text) {
			n += int64(len(l))
			line = strings.TrimRight(l, "\r\n")
			if strings.HasSuffix(l, "\n") && re.MatchString(line) {
				c.at += n
				return nil
			}
		}
		return fmt.Errorf("%s: no line matches %q in:\n%s", c.path, pattern, text)
	})
	return line, err
}

// Text returns all that was printed from the Console's place on.
func (c *Console) Text() (string, error) { return c.rest() }

func (c *Console) rest() (string, error) {
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Seek(c.at, io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(f)
	return string(text), err
}
