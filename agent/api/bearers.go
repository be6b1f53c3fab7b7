package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"vifd/vif"
)

// Tokens keeps the tokens. What is not there is vif.NotFound, and a name that is
// taken vif.InUse. What was dropped is not found from then on.
type Tokens interface {
	Tokens(ctx context.Context) ([]vif.Token, error)
	Token(ctx context.Context, id string) (vif.Token, error)
	PutToken(ctx context.Context, t vif.Token) error
	UseToken(ctx context.Context, id string, at time.Time) error
	DropToken(ctx context.Context, id string) error
}

// Bearers tells callers by the tokens that they bring. Each request is looked at
// anew: a token that was revoked or has expired is of no use from then on, on
// connections that are open as well.
type Bearers struct {
	tokens Tokens
	log    *slog.Logger
}

// NewBearers returns a Bearers that knows the tokens.
func NewBearers(tokens Tokens, log *slog.Logger) *Bearers { return &Bearers{tokens, log} }

// Identify returns whose token r brings. One without a token is Nobody.
func (b *Bearers) Identify(r *http.Request) (Identity, error) {
	text := takeSecret(r.Header)
	if text == "" {
		return Identity{}, nil
	}
	id, secret, ok := readSecret(text)
	if !ok {
		return Identity{}, unknownCaller("what was sent is no token of vifd's")
	}
	t, err := b.tokens.Token(r.Context(), id)
	now := time.Now()
	switch {
	case errors.Is(err, vif.NotFound):
		return Identity{}, unknownCaller("there is no token %s", id)
	case err != nil:
		return Identity{}, err
	case !opens(t, secret):
		return Identity{}, unknownCaller("the token %s was sent with another secret", id)
	case t.Expired(now):
		return Identity{}, unknownCaller("the token %s (%s) has expired", id, t.Name)
	}
	grant, err := ParseGrant(t.Role, t.Project)
	if err != nil {
		return Identity{}, err
	}
	b.note(r.Context(), t, now)
	return grant.to("token:" + t.Name), nil
}

// used is how exactly it is known when a token was used last, so that most
// requests do not write.
const used = time.Minute

// noting bounds what a request waits for that to be written.
const noting = time.Second

// note keeps that t was used. A request does not fail because it cannot be kept.
func (b *Bearers) note(ctx context.Context, t vif.Token, now time.Time) {
	if now.Sub(t.Used).Abs() < used {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, noting)
	defer cancel()
	if err := b.tokens.UseToken(ctx, t.ID, now); err != nil {
		b.log.Warn("that a token was used is not noted", "token", t.Name, "err", err)
	}
}

// Explain says what a token needs.
func (b *Bearers) Explain(role Role) string { return "a token with the role " + role.String() }
