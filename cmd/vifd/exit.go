package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"vifd/agent/api/client"
	"vifd/vif"
)

// The exit codes. They are told in every manual page.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitDenied      = 5
	exitUnreachable = 6
	exitPending     = 7
	exitDegraded    = 8
	exitHeld        = 75
)

// exitMeanings says them in words.
var exitMeanings = map[int]string{
	exitOK:          "it is done",
	exitFailed:      "it failed; what had begun is, or is being, taken back",
	exitUsage:       "the command was not understood, or a name fits more than one thing",
	exitNotFound:    "there is no such server, port, network or subnet",
	exitConflict:    "something is in use already, used up, or in the wrong state",
	exitDenied:      "you may not do this",
	exitUnreachable: "no agent answered; whether a change was made is not known",
	exitPending:     "it has not finished yet, and goes on by itself",
	exitDegraded:    "it answered, and something is not well",
	exitHeld:        "another agent runs on this host; it is named",
}

// kinds are the exit codes of errors, and what to do about each.
var kinds = map[vif.Kind]struct {
	code int
	cure string
}{
	vif.Invalid:     {exitUsage, ""},
	vif.Ambiguous:   {exitUsage, "name it by its ID"},
	vif.Forbidden:   {exitDenied, mayI},
	vif.NotFound:    {exitNotFound, "'vifd list', 'vifd network list' and 'virsh list --all' show what there is"},
	vif.InUse:       {exitConflict, "'vifd list' and 'vifd port list' show who has it"},
	vif.WrongState:  {exitConflict, "'virsh domstate' shows the state of the server"},
	vif.NoSlot:      {exitConflict, "give the server more <controller type='pci' model='pcie-root-port'/> (pci-bridge on i440fx), and start it anew"},
	vif.Exhausted:   {exitConflict, "'vifd subnet list' and 'vifd port list' show the pools and who has what"},
	vif.Unsupported: {exitFailed, ""},
	vif.Unavailable: {exitFailed, "'vifd status' shows which part is missing; try again when it is back"},
	vif.Pending:     {exitPending, "'vifd list' shows the port until it is gone"},
	vif.Internal:    {exitFailed, "'journalctl -u vifd' has the cause"},
}

// shows says what to look at where something is not there, or there already, for
// commands that are about other things than servers, networks and ports.
var shows = map[string]string{
	"token":      "'vifd token list' shows which there are",
	"store":      "",
	"operations": "'vifd operations' shows the newest",
}

const mayI = "root and the group vifd-admin may change things, the group vifd may look; 'id' shows yours"

// A degraded says that all was done that was asked for, and that what was found
// is not well. It has been shown already.
type degraded struct{}

func (degraded) Error() string { return "not well" }

// A held says that another process has what there can be one of.
type held struct{ error }

func (h held) Unwrap() error { return h.error }

// exit tells err, which cmd returned, and returns its exit code.
func (a *app) exit(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	if _, ok := errors.AsType[degraded](err); ok {
		return exitDegraded
	}
	if _, ok := errors.AsType[leaking](err); ok {
		return exitFailed // what was found has been shown
	}
	code, cure := a.judge(err)
	if other, ok := shows[topic(cmd)]; ok && (errors.Is(err, vif.NotFound) || errors.Is(err, vif.InUse)) {
		cure = other
	}
	if code == exitUsage && cure == "" {
		cure = fmt.Sprintf("'%s --help' says how it is used", cmd.CommandPath())
	}
	a.note("%s %s", a.paint(a.errTTY, red, "vifd:"), explain(err))
	if cure != "" {
		a.note("  %s", cure)
	}
	if r, ok := errors.AsType[*client.Refused](err); ok && r.Request != "" {
		a.note("  the log has it as %s", r.Request)
	}
	return code
}

// judge returns the exit code for err, and what to do about it.
func (a *app) judge(err error) (code int, cure string) {
	if !a.began {
		return exitUsage, ""
	}
	if _, ok := errors.AsType[*client.Unreachable](err); ok {
		if errors.Is(err, os.ErrPermission) {
			return exitDenied, mayI
		}
		return exitUnreachable, "'systemctl status vifd' shows whether it runs; --socket and VIFD_SOCKET name another"
	}
	if _, ok := errors.AsType[held](err); ok {
		return exitHeld, "'ps' with its number shows which it is; 'systemctl stop vifd' ends the service"
	}
	if r, ok := errors.AsType[*client.Refused](err); ok && r.Status == http.StatusUnauthorized {
		return exitDenied, "VIFD_TOKEN has to hold a token that 'vifd token create' made there"
	}
	k := kinds[vif.KindOf(err)]
	if vif.KindOf(err) == vif.Internal && !refused(err) {
		return exitFailed, ""
	}
	return k.code, k.cure
}

// topic returns the first word that names the command.
func topic(cmd *cobra.Command) string {
	words := strings.Fields(cmd.CommandPath())
	return words[min(1, len(words)-1)]
}

func refused(err error) bool {
	_, ok := errors.AsType[*client.Refused](err)
	return ok
}

// explain is err in words, each of several errors on a line of its own.
func explain(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(fmt.Sprint(err)), "\n", "\n      ")
}
