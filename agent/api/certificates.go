package api

import (
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
)

// A Holder is who shows a certificate with one of its names, and what it may do.
type Holder struct {
	Name string // a common name, a whole subject, or a DNS name, address or URI
	Grant
}

// Certificates tells callers by the certificates that they show.
type Certificates struct {
	Roots   func() *x509.CertPool // of the authorities that sign clients, as it is now
	Holders []Holder
}

// Identify returns the first holder whose name r's certificate has. Each request
// is looked at anew: a certificate that has expired, or an authority that is not
// trusted any more, lets nobody in on connections that are open either.
func (k *Certificates) Identify(r *http.Request) (Identity, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return Identity{}, nil
	}
	shown := r.TLS.PeerCertificates[0]
	if err := k.verify(shown, r.TLS.PeerCertificates[1:]); err != nil {
		return Identity{}, unknownCaller("the certificate of %s: %v", shown.Subject, err)
	}
	names := namesOf(shown)
	for _, h := range k.Holders {
		if slices.Contains(names, h.Name) {
			return h.to("cert:" + h.Name), nil
		}
	}
	return Grant{}.to("cert:" + shown.Subject.String()), nil
}

func (k *Certificates) verify(shown *x509.Certificate, between []*x509.Certificate) error {
	options := x509.VerifyOptions{
		Roots: k.Roots(), Intermediates: x509.NewCertPool(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, c := range between {
		options.Intermediates.AddCert(c)
	}
	_, err := shown.Verify(options)
	return err
}

// namesOf returns all that a certificate says its holder is called.
func namesOf(c *x509.Certificate) []string {
	names := append([]string{c.Subject.String(), c.Subject.CommonName}, c.DNSNames...)
	names = append(names, c.EmailAddresses...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	for _, a := range c.IPAddresses {
		names = append(names, a.String())
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.TrimSpace(n) == "" })
}

// Explain says what a certificate needs.
func (k *Certificates) Explain(role Role) string {
	return "a client certificate that has the role " + role.String()
}
