package api

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"vifd/vif"
)

// Many attachments in one request: /v1/attachments:batch.

// What one batch may ask for, and on how many servers it works at a time.
const (
	maxBatch  = 64
	batchSide = 8
)

// batchBody asks for attachments, each as attachmentBody does, but for a plan.
var batchBody = &schema{
	kind: "object", required: []string{"attachments"},
	properties: []property{{name: "attachments", schema: &schema{kind: "array", minItems: 1, maxItems: maxBatch, items: &schema{
		kind: "object", required: attachmentBody.required,
		properties: slices.DeleteFunc(slices.Clone(attachmentBody.properties), func(p property) bool { return p.name == "dry_run" }),
	}}}},
}

// A share is what a batch asks for one server, and what became of it.
type share struct {
	server   string // its ID; or the name that was given, when no server has it
	of       vif.Server
	requests []vif.Request
	made     []vif.Attachment
	err      error
}

// attachBatch attaches ports: to each server all that is asked for it, in order,
// or none; and servers side by side. It is 200 where all went well, and else 207:
// each server has a status of its own.
func (a *API) attachBatch(c *call) (reply, error) {
	if found := batchBody.check(c.body); found != nil {
		return reply{}, &httpError{status: http.StatusBadRequest, text: found.nova()}
	}
	return a.streamed(c, func(onProgress func(vif.Progress)) (reply, error) {
		shares := a.shares(c, tellers(parts(c.body.(object), "attachments"), onProgress))
		a.attachShares(c, shares)
		return batchReply(c, shares), nil
	})
}

// attachShares works on some servers at a time, and returns when all are done.
func (a *API) attachShares(c *call, shares []*share) {
	slots := make(chan struct{}, batchSide)
	var all sync.WaitGroup
	for _, s := range shares {
		if s.err != nil {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			a.attachShare(c, s)
		})
	}
	all.Wait()
}

// An item is an attachment that a batch asks for, and who is told its steps.
type item struct {
	object
	onProgress func(vif.Progress) // nil for nobody
}

// tellers returns the items of a batch, whose steps are told with their numbers.
func tellers(asked []object, tell func(vif.Progress)) (items []item) {
	for i, o := range asked {
		it := item{object: o}
		if tell != nil {
			it.onProgress = func(p vif.Progress) {
				p.Item = i + 1
				tell(p)
			}
		}
		items = append(items, it)
	}
	return items
}

// shares sorts what is asked for by server. What cannot be done of it spoils the
// share of its server, and no other.
func (a *API) shares(c *call, items []item) (shares []*share) {
	named, byID := map[string]*share{}, map[string]*share{}
	for _, it := range items {
		name := text(it.object, "server", "")
		s, known := named[name]
		if !known {
			s = a.shareOf(c, name)
			if same, ok := byID[s.server]; ok {
				s = same
			} else {
				byID[s.server] = s
				shares = append(shares, s)
			}
			named[name] = s
		}
		if s.err == nil {
			s.err = a.add(c, s, it)
		}
	}
	return shares
}

// shareOf returns a share of the server that has the name, with nothing in it.
func (a *API) shareOf(c *call, name string) *share {
	server, err := a.serverNamed(c, name)
	return &share{server: orElse(server.ID, name), of: server, err: err}
}

// add puts what an item asks for into s. Each attachment is an operation of its own,
// and the share as a whole is what is asked for once.
func (a *API) add(c *call, s *share, it item) error {
	r, err := a.requestFor(c, s.of, it.object)
	if err != nil {
		return err
	}
	r.Operation, r.OnProgress = newRequestID(), it.onProgress
	if r.Once != nil {
		r.Once = &vif.Once{Caller: r.Once.Caller, Key: r.Once.Key + " " + s.server, Request: r.Once.Request}
	}
	s.requests = append(s.requests, r)
	return nil
}

func (a *API) attachShare(c *call, s *share) {
	defer func() {
		if p := recover(); p != nil {
			s.err = panicked(p)
		}
	}()
	ctx, cancel := context.WithTimeout(c.Context(), time.Duration(len(s.requests))*a.Limits.Attach)
	defer cancel()
	s.made, s.err = a.Attachments.AttachAll(ctx, s.requests)
}

// batchReply says what became of each share. Where one failed through no fault of
// the caller's, the same batch asked again may do better.
func batchReply(c *call, shares []*share) reply {
	answer := reply{status: http.StatusOK}
	list := []object{}
	for _, s := range shares {
		if s.err != nil {
			status, body := ownError(c, s.err)
			c.failure = s.err
			answer.status = http.StatusMultiStatus
			answer.unkept = answer.unkept || status >= http.StatusInternalServerError
			list = append(list, append(object{{"server", s.server}, {"status", status}}, body...))
			continue
		}
		views := []attachmentView{}
		for _, at := range s.made {
			views = append(views, viewAttachment(at))
		}
		list = append(list, object{{"server", s.server}, {"status", http.StatusOK}, {"attachments", views}})
	}
	answer.body = object{{"servers", list}}
	return answer
}
