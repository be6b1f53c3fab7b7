package tap

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/vishvananda/netlink"
)

// How many bytes of news may wait for us before the kernel drops some (some
// thousand events), and how long a failed subscription rests.
const (
	newsBuffer = 4 << 20
	retryAfter = time.Second
)

// lull is how long news is left in the kernel once a tap has changed, after as long
// without: one that is plugged in changes six times, and each would be a wake-up.
const lull = 50 * time.Millisecond

// Watch returns a channel that says "look again": once at the start, and
// whenever a tap came, went or changed, at the latest lull after that. Many changes
// may come as one, and one that nobody has taken yet stands for all until then.
// Where the kernel dropped news, it says so too. The channel is closed when ctx ends.
func (d *Devices) Watch(ctx context.Context) <-chan struct{} {
	again := make(chan struct{}, 1)
	go func() {
		defer close(again)
		for ctx.Err() == nil {
			d.follow(ctx, func() {
				select {
				case again <- struct{}{}:
				default:
				}
			})
			rest(ctx, retryAfter+rand.N(retryAfter))
		}
	}()
	return again
}

// follow calls poke once it is subscribed and then for each change of a tap. It
// returns when ctx ends or the subscription breaks, as by an overrun (ENOBUFS).
func (d *Devices) follow(ctx context.Context, poke func()) {
	news, done := make(chan netlink.LinkUpdate), make(chan struct{})
	err := d.space.do(func() error {
		return netlink.LinkSubscribeWithOptions(news, done, netlink.LinkSubscribeOptions{
			ReceiveBufferSize:      newsBuffer,
			ReceiveBufferForceSize: true,
		})
	})
	if err != nil {
		slog.WarnContext(ctx, "cannot follow links", "err", err)
		return
	}
	defer func() {
		close(done)
		for range news { // its sender must not hang
		}
	}()
	poke()
	var rested time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case update, open := <-news:
			if !open {
				return
			}
			if _, tap := update.Link.(*netlink.Tuntap); tap {
				poke()
				if time.Since(rested) > lull {
					rest(ctx, lull)
					rested = time.Now()
				}
			}
		}
	}
}

func rest(ctx context.Context, d time.Duration) {
	pause := time.NewTimer(d)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}
