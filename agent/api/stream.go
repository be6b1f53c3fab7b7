package api

import (
	"net/http"
	"strings"
	"sync"

	"vifd/agent/api/wire"
	"vifd/vif"
)

const ndjson = wire.NDJSON

// streamed does work and answers with its reply. A client that accepts ndjson
// gets a line for each step as it ends before that, and then all with status 200:
// an error is told by its line. An error before any step is told as ever.
func (a *API) streamed(c *call, work func(onProgress func(vif.Progress)) (reply, error)) (reply, error) {
	if !strings.Contains(c.Header.Get("Accept"), ndjson) {
		return work(nil)
	}
	s := &stream{call: c}
	answer, err := work(s.progress)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if !s.begun {
		return answer, err
	}
	if err != nil {
		c.failure = err
		answer = ownFault(c, err)
	}
	s.line(answer.body)
	return reply{status: http.StatusOK, sent: true, plain: &answer}, nil
}

// A stream is an answer that is sent line by line.
type stream struct {
	*call
	mu    sync.Mutex
	begun bool
	ended bool
}

// progress sends a step; after the end of the answer it sends nothing more.
func (s *stream) progress(p vif.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.line(p)
	}
}

// line sends v as a line of its own. A client that does not take it is found
// out by the end of the request.
func (s *stream) line(v any) {
	if !s.begun {
		s.answered.Set("Content-Type", ndjson)
		s.w.WriteHeader(http.StatusOK)
		s.begun = true
	}
	raw, err := encode(v)
	if err != nil {
		s.failure = err
		return
	}
	s.untilWritten()
	_, _ = s.w.Write(append(raw, '\n'))
	_ = http.NewResponseController(s.w).Flush()
}
