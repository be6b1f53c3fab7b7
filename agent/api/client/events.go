package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vifd/vif"
)

// Followed says which events are followed, and who is told.
type Followed struct {
	Server, Port string // IDs or names; "" for all
	Since        string // the ID of the event that was seen last; "" for now, "0" for all that are kept
	Event        func(vif.Event) error
	Lost         func(error) // the connection broke, and is made again; may be nil
}

// silence is how long nothing may come of a stream before it is taken for dead.
// vifd says something more often.
const silence = 2 * time.Minute

// Follow tells f what happens, each event once, until ctx ends or f.Event returns
// an error, which it returns. A stream that breaks is taken up again where it
// was. Only when there is none at first, or vifd refuses it, Follow gives up.
func (c *Client) Follow(ctx context.Context, f Followed) error {
	return (&following{Followed: f, client: c, wait: time.Second}).follow(ctx)
}

// A following is one Follow.
type following struct {
	Followed
	client *Client
	wait   time.Duration // before a broken stream is asked for again
	begun  bool          // there was one
}

func (s *following) follow(ctx context.Context) error {
	for {
		err := s.once(ctx)
		_, broken := errors.AsType[*Unreachable](err)
		switch {
		case ctx.Err() != nil:
			return nil
		case !broken && !(s.begun && errors.Is(err, vif.Unavailable)) || !s.begun:
			return err
		case s.Lost != nil:
			s.Lost(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.wait):
		}
	}
}

// once follows one stream to its end, which is an Unreachable.
func (s *following) once(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dead := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer dead.Stop()
	response, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	s.begun = true
	lines := bufio.NewReader(response.Body)
	var data string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return s.client.unreachable(ctx, err)
		}
		dead.Reset(silence)
		if data, err = s.line(strings.TrimSuffix(line, "\n"), data); err != nil {
			return err
		}
	}
}

var errSilent = errors.New("nothing came for a long time")

func (s *following) open(ctx context.Context) (*http.Response, error) {
	q := url.Values{}
	for name, value := range map[string]string{"server": s.Server, "port": s.Port, "since": s.Since} {
		if value != "" {
			q.Set(name, value)
		}
	}
	request, err := s.client.request(ctx, asking{method: http.MethodGet, path: "/v1/events", query: q})
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := s.client.http.Do(request)
	if err != nil {
		return nil, s.client.unreachable(ctx, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, s.client.unreachable(ctx, err)
	}
	if err := refused(response, raw); err != nil {
		return nil, err
	}
	return nil, vif.Internal.Because("vifd answered %s, and no events", response.Status)
}

// line takes a line of the stream in, and returns the data of the event that is
// not at its end yet.
func (s *following) line(line, data string) (string, error) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch {
	case name == "id":
		s.Since = value
	case name == "data":
		return value, nil
	case line == "" && data != "":
		var e vif.Event
		if err := s.client.fill(&e, []byte(data)); err != nil {
			return "", err
		}
		return "", s.Event(e)
	}
	return data, nil
}
