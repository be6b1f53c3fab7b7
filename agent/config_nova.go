package agent

import (
	"net/url"
	"time"

	"vifd/agent/notify"
)

// A rawNova is the section [nova] as it is written.
type rawNova struct {
	Enabled               bool   `toml:"enabled"`
	Endpoint              string `toml:"endpoint"`
	Region                string `toml:"region"`
	Interface             string `toml:"interface"`
	Auth                  string `toml:"auth"`
	AuthURL               string `toml:"auth_url"`
	User                  string `toml:"user"`
	UserDomain            string `toml:"user_domain"`
	Project               string `toml:"project"`
	ProjectDomain         string `toml:"project_domain"`
	ApplicationCredential string `toml:"application_credential"`
	SecretFile            string `toml:"secret_file"`
	CAFile                string `toml:"ca_file"`
	Interval              string `toml:"interval"`
	Timeout               string `toml:"timeout"`
}

func defaultNova() rawNova {
	return rawNova{
		Interface: "public", Auth: string(notify.Password), UserDomain: "Default", ProjectDomain: "Default",
		SecretFile: "/etc/vifd/nova.secret", Interval: "1s", Timeout: "10s",
	}
}

// config returns how Nova is told. What is missing matters only where it is.
func (r rawNova) config(c *checker) notify.Config {
	n := notify.Config{
		Endpoint: c.webURL("nova.endpoint", r.Endpoint), Region: r.Region,
		Interface: c.oneOf("nova.interface", r.Interface, "public", "internal", "admin"),
		Auth:      notify.Auth(c.oneOf("nova.auth", r.Auth, "password", "application_credential", "token", "none")),
		AuthURL:   c.webURL("nova.auth_url", r.AuthURL),
		User:      r.User, UserDomain: r.UserDomain, Project: r.Project, ProjectDomain: r.ProjectDomain,
		Credential: r.ApplicationCredential,
		SecretFile: c.path("nova.secret_file", r.SecretFile), CAFile: r.CAFile,
		Interval: c.span("nova.interval", r.Interval, 10*time.Millisecond, time.Minute),
		Timeout:  c.span("nova.timeout", r.Timeout, time.Second, time.Minute),
	}
	if r.CAFile != "" {
		c.path("nova.ca_file", r.CAFile)
	}
	if r.Enabled {
		r.complete(c)
	}
	return n
}

// complete notes what its way to log in needs and r does not say.
func (r rawNova) complete(c *checker) {
	type key struct{ name, value string }
	endpoint, keystone := key{"endpoint", r.Endpoint}, key{"auth_url", r.AuthURL}
	for _, k := range map[notify.Auth][]key{
		notify.NoAuth:                {endpoint},
		notify.Token:                 {endpoint},
		notify.Password:              {keystone, {"user", r.User}, {"user_domain", r.UserDomain}, {"project", r.Project}},
		notify.ApplicationCredential: {keystone, {"application_credential", r.ApplicationCredential}},
	}[notify.Auth(r.Auth)] {
		c.must(k.value != "", "nova."+k.name, k.value, "given, as nova.auth is %q", r.Auth)
	}
}

// webURL allows "" and an http or https URL with a host.
func (c *checker) webURL(key, value string) string {
	u, err := url.Parse(value)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
	c.must(value == "" || ok, key, discreet(u), "an http or https URL without a user")
	return value
}

// discreet is a URL that is refused, without the password that may be in it.
func discreet(u *url.URL) string {
	if u == nil {
		return "what it says"
	}
	return u.Redacted()
}
