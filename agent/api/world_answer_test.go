package api

import (
	"bytes"
	"context"

	"vifd/vif"
)

func (w *world) Answer(_ context.Context, caller, key string) (vif.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return find(w.answers, func(a vif.Answer) bool { return a.Caller == caller && a.Key == key }, vif.NotFound)
}

func (w *world) PutAnswer(_ context.Context, a vif.Answer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, old := range w.answers {
		if old.Caller != a.Caller || old.Key != a.Key {
			continue
		}
		if old.Status != 0 || !bytes.Equal(old.Request, a.Request) {
			return vif.InUse
		}
		w.answers[i] = a
		return nil
	}
	w.answers = append(w.answers, a)
	return nil
}
