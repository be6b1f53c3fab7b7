package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	"vifd/vif"
)

// A token is told as "vifd_", its ID, "_" and its secret. The ID is no secret:
// the log names it, and it finds the token, so that the secret is compared with
// one hash alone, in constant time.
const secretMark = "vifd_"

// secretSize is the size of a secret in bytes. With 256 random bits there is
// nothing to guess, and so nothing that a slow hash, as passwords need it,
// would make harder: SHA-256 it is, which costs a request nothing.
const secretSize = 32

// newSecret returns the ID and the hash of a new token, and its text, which is
// kept nowhere.
func newSecret() (id string, hash []byte, text string) {
	b := make([]byte, 8+secretSize)
	rand.Read(b) // never fails
	id = hex.EncodeToString(b[:8])
	sum := sha256.Sum256(b[8:])
	return id, sum[:], secretMark + id + "_" + base64.RawURLEncoding.EncodeToString(b[8:])
}

// readSecret returns what the text of a token says.
func readSecret(text string) (id string, secret []byte, ok bool) {
	id, digits, found := strings.Cut(strings.TrimPrefix(text, secretMark), "_")
	secret, err := base64.RawURLEncoding.DecodeString(digits)
	_, idErr := hex.DecodeString(id)
	return id, secret, found && err == nil && idErr == nil && len(id) == 16 && len(secret) == secretSize
}

// opens tells whether t is the token with that secret.
func opens(t vif.Token, secret []byte) bool {
	sum := sha256.Sum256(secret)
	return subtle.ConstantTimeCompare(sum[:], t.Hash) == 1
}

// secrets returns those of the headers that may have a token.
func secrets(h http.Header) http.Header {
	return http.Header{"X-Auth-Token": h["X-Auth-Token"], "Authorization": h["Authorization"]}
}

// takeSecret returns the token that a request brings, or "", and takes it out of
// the headers: nothing behind has use for it.
func takeSecret(h http.Header) string {
	text := h.Get("X-Auth-Token")
	if scheme, bearer, ok := strings.Cut(h.Get("Authorization"), " "); ok && text == "" && strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(bearer)
	}
	h.Del("X-Auth-Token")
	h.Del("Authorization")
	return text
}
