package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vifd/systemd"
	"vifd/vif"
)

// tellEvery is how old what systemctl status shows may be.
const tellEvery = 2 * time.Second

// tell has systemctl status say how vifd is, until ctx ends.
func (a *agent) tell(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var told string
	for {
		if line := inOneLine(a.pulse.Health(ctx)); line != told && ctx.Err() == nil {
			a.warn("systemd", systemd.Status("%s", line))
			told = line
		}
		select {
		case <-ctx.Done():
			a.warn("systemd", systemd.Status("ending what is under way"))
			return
		case <-tick.C:
		}
	}
}

// inOneLine says how vifd is: whether it is ready, what does not work, and how
// many ports it has.
func inOneLine(h vif.Health) string {
	var says []string
	if !h.Ready {
		says = append(says, h.Why)
	}
	for _, p := range h.Parts {
		if !p.OK {
			says = append(says, p.Name+": "+p.Why)
		}
	}
	if h.Ports == 1 {
		return strings.Join(append(says, "1 port"), "; ")
	}
	return strings.Join(append(says, fmt.Sprintf("%d ports", h.Ports)), "; ")
}
