package agent

import (
	"fmt"
	"net/netip"

	"vifd/agent/api"
)

// A Listen is a way to the API by a network, and who may come by it.
type Listen struct {
	Address     netip.AddrPort
	Certificate string // a file; "" for plain HTTP, on a loopback address
	Key         string
	ClientCA    string // a file; "" where clients show no certificates
	Holders     []api.Holder
	Tokens      bool
	Both        bool     // a certificate and a token, not either
	Anybody     bool     // there are no credentials: who comes may do what Open says
	Open        api.Role //
	Names       []string
}

// A rawListen is a [[listen]] of the file.
type rawListen struct {
	Address          string      `toml:"address"`
	Names            []string    `toml:"names,omitempty"`
	Certificate      string      `toml:"certificate,omitempty"`
	Key              string      `toml:"key,omitempty"`
	ClientCA         string      `toml:"client_ca,omitempty"`
	Tokens           bool        `toml:"tokens,omitempty"`
	Both             bool        `toml:"both,omitempty"`
	InsecureLoopback bool        `toml:"insecure_loopback,omitempty"`
	Role             string      `toml:"role,omitempty"`
	Clients          []rawClient `toml:"client,omitempty"`
}

// A rawClient is a [[listen.client]].
type rawClient struct {
	Name    string `toml:"name"`
	Role    string `toml:"role"`
	Project string `toml:"project,omitempty"`
}

func (r rawConfig) listens(c *checker) []Listen {
	var all []Listen
	for i, l := range r.Listen {
		all = append(all, l.listen(c, fmt.Sprintf("listen[%d]", i+1)))
	}
	return all
}

// listen returns r in real types. What it refuses would let somebody in who
// nobody named, or nobody at all.
func (r rawListen) listen(c *checker, key string) Listen {
	l := Listen{Names: r.Names, Certificate: r.Certificate, Key: r.Key, ClientCA: r.ClientCA, Tokens: r.Tokens, Both: r.Both}
	l.Address = c.address(key+".address", r.Address)
	for i, name := range r.Names {
		c.word(fmt.Sprintf("%s.names[%d]", key, i+1), name, 253)
	}
	for _, file := range []struct{ key, path string }{
		{"certificate", r.Certificate}, {"key", r.Key}, {"client_ca", r.ClientCA},
	} {
		if file.path != "" {
			c.path(key+"."+file.key, file.path)
		}
	}
	l.Holders = r.holders(c, key)
	l.Anybody = r.ClientCA == "" && !r.Tokens
	l.Open = r.open(c, key, l.Anybody)
	for _, rule := range r.rules(l) {
		if !rule.ok {
			c.note(key, fmt.Errorf("%s", rule.but))
		}
	}
	return l
}

// open returns what may be done without credentials: to look, unless the file
// says otherwise.
func (r rawListen) open(c *checker, key string, anybody bool) api.Role {
	if !anybody {
		c.must(r.Role == "", key+".role", r.Role, `left out: it is for callers without credentials`)
		return api.Nobody
	}
	if r.Role == "" {
		return api.Reader
	}
	g, err := api.ParseGrant(r.Role, "")
	c.note(key+".role", err)
	return g.Role
}

func (r rawListen) holders(c *checker, key string) []api.Holder {
	var all []api.Holder
	for i, client := range r.Clients {
		name := fmt.Sprintf("%s.client[%d]", key, i+1)
		g, err := api.ParseGrant(client.Role, client.Project)
		c.note(name, err)
		c.must(client.Name != "", name+".name", client.Name, "a name that is in the client's certificate")
		all = append(all, api.Holder{Name: client.Name, Grant: g})
	}
	return all
}

// A rule is what a [[listen]] must be, and what is said of one that is not.
type rule struct {
	ok  bool
	but string
}

func (r rawListen) rules(l Listen) []rule {
	plain, loopback := r.Certificate == "", l.Address.Addr().Unmap().IsLoopback()
	insecure := plain || l.Anybody
	return []rule{
		{(r.Certificate == "") == (r.Key == ""), "certificate and key need each other"},
		{!plain || loopback, "without a certificate secrets and answers could be read on the network: " +
			"name certificate and key, or listen on a loopback address"},
		{!l.Anybody || loopback, "without client_ca and tokens anybody could come: name one of them, or listen on a loopback address"},
		{!insecure || !loopback || r.InsecureLoopback, "every user of this host could come, or listen: " +
			"name certificate, key and client_ca or tokens, or say insecure_loopback = true"},
		{!r.InsecureLoopback || loopback, "insecure_loopback is for loopback addresses alone"},
		{r.ClientCA == "" || !plain, "client_ca needs a certificate and a key"},
		{!r.Both || r.ClientCA != "" && r.Tokens, "both needs client_ca and tokens"},
		{r.ClientCA == "" || r.Both || len(r.Clients) > 0, "client_ca needs a [[listen.client]], which says what a certificate allows"},
		{len(r.Clients) == 0 || r.ClientCA != "" && !r.Both, "[[listen.client]] needs client_ca; with both, the token says what is allowed"},
	}
}

// address allows an IP address with a port.
func (c *checker) address(key, value string) netip.AddrPort {
	at, err := netip.ParseAddrPort(value)
	c.must(err == nil && at.Port() != 0, key, value, `an IP address and a port, such as "192.0.2.7:8774" or "[::1]:8774"`)
	return at
}
