package api

import (
	"net/http"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Peers tells callers by the credentials of the process at the other end of a
// unix socket (SO_PEERCRED). Root and the members of one group are Admin, and
// those of another Reader; nobody has a project.
type Peers struct {
	admins, readers string
	lookup          func(syscall.Ucred) (name string, groups []string)

	mu    sync.Mutex
	known map[syscall.Ucred]peerIdentity
}

type peerIdentity struct {
	Identity
	until time.Time
}

// peerAge is how long the groups of a peer are believed.
const peerAge = 5 * time.Second

// NewPeers returns a Peers with the names of the two groups.
func NewPeers(admins, readers string) *Peers {
	return &Peers{admins: admins, readers: readers, lookup: lookupPeer, known: map[syscall.Ucred]peerIdentity{}}
}

// Identify returns who is at the other end of r's connection. Who came by
// another way than a unix socket is Nobody.
func (p *Peers) Identify(r *http.Request) (Identity, error) {
	cred, ok := r.Context().Value(peerKey{}).(syscall.Ucred)
	if !ok {
		return Identity{}, nil
	}
	cred.Pid = 0 // the groups are the same for all of a user's processes
	p.mu.Lock()
	found, ok := p.known[cred]
	p.mu.Unlock()
	if ok && time.Now().Before(found.until) {
		return found.Identity, nil
	}
	return p.remember(cred), nil
}

func (p *Peers) remember(cred syscall.Ucred) Identity {
	name, groups := p.lookup(cred)
	i := Identity{Role: p.role(cred, groups)}
	i.User, i.Admin = name, i.Role == Admin
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) > 1000 {
		clear(p.known)
	}
	p.known[cred] = peerIdentity{i, time.Now().Add(peerAge)}
	return i
}

func (p *Peers) role(cred syscall.Ucred, groups []string) Role {
	switch {
	case cred.Uid == 0 || slices.Contains(groups, p.admins):
		return Admin
	case slices.Contains(groups, p.readers):
		return Reader
	}
	return Nobody
}

// Explain names the groups.
func (p *Peers) Explain(role Role) string {
	if role == Reader {
		return "root or a member of the group " + p.readers + " or " + p.admins
	}
	return "root or a member of the group " + p.admins
}

// lookupPeer returns the name of a peer's user, and of the groups that its
// process ran in and that the user is a member of. What the host does not know
// by name keeps its number.
func lookupPeer(cred syscall.Ucred) (string, []string) {
	uid, gid := strconv.Itoa(int(cred.Uid)), strconv.Itoa(int(cred.Gid))
	name, ids := "uid "+uid, []string{gid}
	if u, err := user.LookupId(uid); err == nil {
		name = u.Username
		if more, err := u.GroupIds(); err == nil {
			ids = append(ids, more...)
		}
	}
	groups := make([]string, 0, len(ids))
	for _, id := range ids {
		if g, err := user.LookupGroupId(id); err == nil {
			groups = append(groups, g.Name)
		}
	}
	return name, groups
}

type peerKey struct{}
