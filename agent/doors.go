package agent

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"vifd/agent/api"
)

// listenAll returns the socket, and a door for each Listen. Where one of them
// cannot be had, none is left open.
func (a *agent) listenAll() ([]net.Listener, error) {
	all, err := a.listen()
	for _, l := range a.config.Listen {
		if err != nil {
			break
		}
		var d *api.Door
		var k *keys
		if d, k, err = l.door(tokens{a.store}, a.log); err == nil {
			all, a.keys = append(all, d), append(a.keys, k)
			a.log.Info("listening", "address", d.Addr().String(), "tls", d.TLS != nil)
		}
	}
	if err == nil {
		return all, nil
	}
	for _, l := range all {
		err = errors.Join(err, l.Close())
	}
	return nil, err
}

// door opens l, with the certificates that its files hold.
func (l Listen) door(t api.Tokens, log *slog.Logger) (*api.Door, *keys, error) {
	k, err := openKeys(l, log)
	if err != nil {
		return nil, nil, fmt.Errorf("listen at %s: %w", l.Address, err)
	}
	d := &api.Door{Who: l.who(t, k.clients, log), Names: l.Names}
	if l.Certificate != "" {
		d.TLS = &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: k.config}
	}
	if d.Listener, err = net.Listen("tcp", l.Address.String()); err != nil {
		return nil, nil, err // it names the address
	}
	return d, k, nil
}

// who returns how callers are told apart at l.
func (l Listen) who(t api.Tokens, roots func() *x509.CertPool, log *slog.Logger) api.Who {
	bearers := api.NewBearers(t, log)
	certificates := &api.Certificates{Roots: roots, Holders: l.Holders}
	switch {
	case l.Anybody:
		return api.Anybody{Role: l.Open}
	case l.Both:
		return api.Both{Tokens: bearers, Certificates: certificates}
	case l.ClientCA == "":
		return bearers
	case !l.Tokens:
		return certificates
	}
	return api.Either{Tokens: bearers, Certificates: certificates}
}
