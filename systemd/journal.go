package systemd

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"unicode"

	"github.com/coreos/go-systemd/v22/journal"
)

// Logger returns the daemon's log. Where stderr goes to the journal anyway,
// entries are sent to it directly, with fields to search by, as in
// "journalctl PORT_ID=…"; else they are lines of text on stderr.
func Logger(level slog.Leveler, stderr io.Writer) *slog.Logger {
	text := slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})
	if ours, err := journal.StderrIsJournalStream(); err != nil || !ours || !journal.Enabled() {
		return slog.New(text)
	}
	return slog.New(&entry{level: level, text: text, send: journal.Send})
}

// fields are the attributes that have a journal field of their own. Any other
// becomes VIFD_ and its name.
var fields = map[string]string{
	"port":      "PORT_ID",
	"server":    "SERVER_ID",
	"operation": "OPERATION_ID",
	"request":   "OPERATION_ID", // it is named like what it asks for
	"step":      "STEP",
}

// An entry is the part of a journal entry that is known before its message.
type entry struct {
	level slog.Leveler
	text  slog.Handler // in place of a journal that refuses
	send  func(message string, p journal.Priority, vars map[string]string) error
	group string // ends with a dot, or is empty
	vars  map[string]string
	tail  string // the attributes again, for who reads the message only
}

func (e *entry) Enabled(_ context.Context, l slog.Level) bool { return l >= e.level.Level() }

func (e *entry) Handle(ctx context.Context, r slog.Record) error {
	full := e.with(func(each func(slog.Attr)) {
		r.Attrs(func(a slog.Attr) bool { each(a); return true })
	})
	if id, ok := messages[r.Message]; ok {
		full.vars["MESSAGE_ID"] = id
	}
	if err := e.send(r.Message+full.tail, priority(r.Level), full.vars); err != nil {
		return e.text.Handle(ctx, r)
	}
	return nil
}

func (e *entry) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := e.with(func(each func(slog.Attr)) {
		for _, a := range attrs {
			each(a)
		}
	})
	more.text = e.text.WithAttrs(attrs)
	return more
}

func (e *entry) WithGroup(name string) slog.Handler {
	if name == "" {
		return e
	}
	inner := *e
	inner.group += name + "."
	inner.text = e.text.WithGroup(name)
	return &inner
}

// with returns e and the attributes that range yields.
func (e *entry) with(attrs func(each func(slog.Attr))) *entry {
	more := *e
	more.vars = maps.Clone(e.vars)
	if more.vars == nil {
		more.vars = map[string]string{"SYSLOG_IDENTIFIER": "vifd"}
	}
	attrs(func(a slog.Attr) { more.add(e.group, a) })
	return &more
}

func (e *entry) add(group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range value.Group() {
			e.add(group, inner)
		}
		return
	}
	if a.Key == "" {
		return
	}
	key := group + a.Key
	e.vars[field(key)] = value.String()
	e.tail += " " + key + "=" + quoted(value.String())
}

// field returns the journal field for an attribute: capitals, digits and
// underscores only (systemd.journal-fields(7)).
func field(key string) string {
	if f, ok := fields[key]; ok {
		return f
	}
	return "VIFD_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
}

func priority(l slog.Level) journal.Priority {
	switch {
	case l >= slog.LevelError:
		return journal.PriErr
	case l >= slog.LevelWarn:
		return journal.PriWarning
	case l >= slog.LevelInfo:
		return journal.PriInfo
	}
	return journal.PriDebug
}

func quoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
