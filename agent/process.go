package agent

import (
	"context"
	"log/slog"
	"os"
	"time"
)

// A Process is what the parts need of the process that they run in.
type Process struct {
	Version string
	Log     *slog.Logger
	Level   *slog.LevelVar         // of Log; nil where it cannot change
	Hangup  <-chan os.Signal       // asks for the configuration to be read again
	Load    func() (Config, error) // reads it
}

// amends is what is left for ends that are come to when the time to stop is over.
const amends = time.Second

// Run serves with c until ctx ends, and then comes to a safe point: what is under
// way is ended or taken back, and all NICs stay as they are. What has not come to
// an end by c.API.Grace and a second is left as it is: a death at any point is
// what the next start is made for. An error says why vifd could not start, or
// had to stop.
func Run(ctx context.Context, c Config, p Process) error {
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, c, p) }()
	select {
	case err := <-ended:
		return err
	case <-late(ctx, c.API.Grace+amends):
		p.Log.Warn("what is under way does not end in time, and is left for the next start")
		return nil
	}
}

// late returns a channel that is closed that long after ctx has ended.
func late(ctx context.Context, after time.Duration) <-chan struct{} {
	over := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(after, func() { close(over) }) })
	return over
}
