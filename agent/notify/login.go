package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
)

// A Config says where Nova is, and who we are there.
type Config struct {
	Endpoint  string // the URL of the Compute API, with its version; "" for that of the catalog
	Region    string // of the catalog; "" for any
	Interface string // of the catalog: public, internal or admin
	Auth      Auth
	AuthURL   string // of Keystone v3

	User, UserDomain       string // with Password
	Project, ProjectDomain string
	Credential             string // with ApplicationCredential: its ID
	SecretFile             string // holds the token, the password, or the credential's secret
	CAFile                 string // certificates to trust besides the system's; "" for none

	Interval time.Duration // for which notices are gathered
	Timeout  time.Duration // for one try
}

// An Auth is a way to say who we are.
type Auth string

// The ways.
const (
	NoAuth                Auth = "none"
	Token                 Auth = "token"
	Password              Auth = "password"
	ApplicationCredential Auth = "application_credential"
)

// A session is where to ask, and with what token.
type session struct{ endpoint, token string }

// login begins a session. The secret is read each time, so that it can be changed
// while vifd runs.
func (n *nova) login(ctx context.Context) (*session, error) {
	if n.Auth == NoAuth {
		return &session{endpoint: n.Endpoint}, nil
	}
	text, err := os.ReadFile(n.SecretFile)
	if err != nil {
		return nil, err
	}
	secret := strings.TrimSpace(string(text))
	n.secret = secret
	if n.Auth == Token {
		return &session{n.Endpoint, secret}, nil
	}
	return n.keystone(ctx, secret)
}

// keystone gets a token, and where Nova is, from Keystone.
func (n *nova) keystone(ctx context.Context, secret string) (*session, error) {
	provider, err := openstack.NewClient(n.AuthURL)
	if err != nil {
		return nil, err
	}
	provider.HTTPClient = *n.http
	if err := openstack.AuthenticateV3(ctx, provider, n.credentials(secret), gophercloud.EndpointOpts{}); err != nil {
		return nil, fmt.Errorf("log in to Keystone: %w", discreet(err))
	}
	endpoint := n.Endpoint
	if endpoint == "" {
		if endpoint, err = n.fromCatalog(provider.GetAuthResult()); err != nil {
			return nil, err
		}
	}
	return &session{endpoint, provider.Token()}, nil
}

// discreet returns err without what was answered: it may hold what was asked, and
// so the password.
func discreet(err error) error {
	if answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return fmt.Errorf("answer %d of %s", answer.Actual, answer.URL)
	}
	return err
}

func (n *nova) credentials(secret string) *gophercloud.AuthOptions {
	if n.Auth == ApplicationCredential {
		return &gophercloud.AuthOptions{ApplicationCredentialID: n.Credential, ApplicationCredentialSecret: secret}
	}
	return &gophercloud.AuthOptions{
		Username: n.User, DomainName: n.UserDomain, Password: secret,
		Scope: &gophercloud.AuthScope{ProjectName: n.Project, DomainName: cmp.Or(n.ProjectDomain, n.UserDomain)},
	}
}

// fromCatalog returns the URL of the Compute API in the catalog of a token.
func (n *nova) fromCatalog(result gophercloud.AuthResult) (string, error) {
	created, ok := result.(tokens.CreateResult)
	if !ok {
		return "", fmt.Errorf("no catalog came from Keystone")
	}
	catalog, err := created.ExtractServiceCatalog()
	if err != nil {
		return "", err
	}
	for _, service := range catalog.Entries {
		for _, e := range service.Endpoints {
			if service.Type == "compute" && e.Interface == n.Interface && (n.Region == "" || e.RegionID == n.Region || e.Region == n.Region) {
				return e.URL, nil
			}
		}
	}
	return "", fmt.Errorf("the catalog has no %s endpoint of the service compute", n.Interface)
}
