package api

import "net/http"

// Either believes a token where one is sent, and else a certificate.
type Either struct{ Tokens, Certificates Who }

// Identify returns whose credentials r has. A token that is not right is not
// made good by a certificate.
func (e Either) Identify(r *http.Request) (Identity, error) {
	i, err := e.Tokens.Identify(r)
	if err != nil || i.User != "" {
		return i, err
	}
	return e.Certificates.Identify(r)
}

// Explain says what either takes.
func (e Either) Explain(role Role) string {
	return e.Tokens.Explain(role) + ", or " + e.Certificates.Explain(role)
}

// Both lets in whom a certificate lets in, and believes the token that it sends.
type Both struct{ Tokens, Certificates Who }

// Identify returns whose token r has, if a certificate comes with it.
func (b Both) Identify(r *http.Request) (Identity, error) {
	if i, err := b.Certificates.Identify(r); err != nil || i.User == "" {
		return Identity{}, err
	}
	return b.Tokens.Identify(r)
}

// Explain says what the token takes.
func (b Both) Explain(role Role) string { return b.Tokens.Explain(role) }
