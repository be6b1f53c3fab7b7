package agent

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// keys are the certificates of a Listen, as its files have them now.
type keys struct {
	listen Listen
	log    *slog.Logger

	mu   sync.Mutex
	seen string // what the files looked like when they were read last
	tls  *tls.Config
}

// openKeys reads the files of l.
func openKeys(l Listen, log *slog.Logger) (*keys, error) {
	k := &keys{listen: l, log: log, seen: l.look()}
	var err error
	k.tls, err = l.read()
	return k, err
}

// config is for tls.Config.GetConfigForClient: each new connection gets what the
// files have now.
func (k *keys) config(*tls.ClientHelloInfo) (*tls.Config, error) { return k.now(), nil }

// clients returns the authorities of clients.
func (k *keys) clients() *x509.CertPool { return k.now().ClientCAs }

func (k *keys) now() *tls.Config {
	k.mu.Lock()
	defer k.mu.Unlock()
	if look := k.listen.look(); look != k.seen {
		k.read(look)
	}
	return k.tls
}

// again reads the files, if there are any, whether or not they seem to have changed.
func (k *keys) again() {
	if k.listen.Certificate == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.read(k.listen.look())
}

// read takes over what the files have. What cannot be used changes nothing: they
// may be half written.
func (k *keys) read(look string) {
	k.seen = look
	read, err := k.listen.read()
	if err != nil {
		k.log.Error("the certificates cannot be used: those from before stay", "address", k.listen.Address, "err", err)
		return
	}
	k.tls = read
	k.log.Info("the certificates were read again", "address", k.listen.Address)
}

// look says what the files look like from outside.
func (l Listen) look() (text string) {
	for _, path := range []string{l.Certificate, l.Key, l.ClientCA} {
		if info, err := os.Stat(path); err == nil {
			text += fmt.Sprintln(info.ModTime().UnixNano(), info.Size())
		}
	}
	return text
}

// read returns TLS as the files say: version 1.3 alone, and nothing remembered
// of a client, so that each of its connections is looked at.
func (l Listen) read() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true}
	if l.Certificate == "" {
		return c, nil
	}
	if info, err := os.Stat(l.Key); err == nil && info.Mode()&0o007 != 0 {
		return nil, fmt.Errorf("everybody may read the key %s: chmod 600 it", l.Key)
	}
	own, err := tls.LoadX509KeyPair(l.Certificate, l.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", l.Certificate, err)
	}
	c.Certificates = []tls.Certificate{own}
	return c, l.readClients(c)
}

// readClients has c ask clients for certificates, where l believes any.
func (l Listen) readClients(c *tls.Config) error {
	if l.ClientCA == "" {
		return nil
	}
	text, err := os.ReadFile(l.ClientCA)
	if err != nil {
		return err
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return errors.New(l.ClientCA + " has no certificate in it")
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	if l.Tokens && !l.Both {
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return nil
}
