package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// attachment is what is read of an answer.
type attachment struct {
	PortID  string `json:"port_id"`
	State   string `json:"port_state"`
	MACAddr string `json:"mac_addr"`
}

// vifdTurn is a client on the socket: POST until the answer, which must say
// ACTIVE, and DELETE until the NIC is gone. What comes after that is kept apart.
func (b *bench) vifdTurn(ctx context.Context, _ int) (in, out time.Duration, err error) {
	body := fmt.Sprintf(`{"interfaceAttachment":{"net_id":%q}}`, b.network)
	var answer struct {
		Attachment attachment `json:"interfaceAttachment"`
	}
	if err := rest(ctx); err != nil { // as the others have it, after their tap
		return 0, 0, err
	}
	start := time.Now()
	if err := b.do(ctx, "POST", "/v2.1/servers/"+b.server+"/os-interface", body, http.StatusOK, &answer); err != nil {
		return 0, 0, err
	}
	in = time.Since(start)
	a := answer.Attachment
	if a.State != "ACTIVE" {
		return 0, 0, fmt.Errorf("port_state is %s", a.State)
	}
	if err := b.seen(ctx, a.MACAddr); err != nil {
		return 0, 0, err
	}
	out, b.back, err = b.vifdGone(ctx, a.PortID)
	return in, out, err
}

// vifdGone detaches, and returns how long it took until the guest had let go of
// the NIC, and until the port was given back: neither the guest nor the switch has
// it then.
func (b *bench) vifdGone(ctx context.Context, port string) (gone, back time.Duration, err error) {
	start := time.Now()
	at := map[string]time.Duration{}
	lines, err := b.stream(ctx, "DELETE", "/v1/attachments/"+port+"?server="+b.server, "", func(l line) {
		at[l.Step] = time.Since(start)
	})
	if err == nil && (at["hide"] == 0 || at["release"] == 0) {
		err = fmt.Errorf("port %s was not released: %+v", port, lines)
	}
	return at["hide"], at["release"], err
}

// split attaches once more, and keeps how long each step took by vifd's own
// clock.
func (b *bench) split(ctx context.Context, r *result) error {
	body := fmt.Sprintf(`{"server":%q,"network":%q}`, b.server, b.network)
	lines, err := b.stream(ctx, "POST", "/v1/attachments", body, func(line) {})
	if err != nil {
		return err
	}
	var port string
	for _, line := range lines {
		if line.Step != "" {
			if r.steps[line.Step] == nil {
				r.order = append(r.order, line.Step)
			}
			r.steps[line.Step] = append(r.steps[line.Step], time.Duration(line.Ms*float64(time.Millisecond)))
		}
		if line.Attachment.Port.ID != "" {
			port = line.Attachment.Port.ID
			if err := b.seen(ctx, line.Attachment.Port.MAC); err != nil {
				return err
			}
		}
	}
	if port == "" {
		return fmt.Errorf("no attachment in %+v", lines)
	}
	_, _, err = b.vifdGone(ctx, port)
	return err
}

// A line is one of a stream of newline-delimited JSON.
type line struct {
	Step       string          `json:"step"`
	Ms         float64         `json:"ms"`
	Error      json.RawMessage `json:"error"`
	Attachment struct {
		Port struct {
			ID  string `json:"id"`
			MAC string `json:"mac"`
		} `json:"port"`
	} `json:"attachment"`
}

// stream tells of each line as it comes, and returns all.
func (b *bench) stream(ctx context.Context, method, path, body string, tell func(line)) (lines []line, err error) {
	res, err := b.send(ctx, method, path, body, "application/x-ndjson")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	scan := bufio.NewScanner(res.Body)
	for scan.Scan() {
		var l line
		if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: %w", scan.Text(), err)
		}
		if l.Error != nil && l.Step == "" {
			return nil, fmt.Errorf("%s %s: %s", method, path, l.Error)
		}
		tell(l)
		lines = append(lines, l)
	}
	return lines, scan.Err()
}

func (b *bench) send(ctx context.Context, method, path, body, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, bytes.NewBufferString(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return b.http.Do(req)
}

// do wants the status, and reads the answer into v.
func (b *bench) do(ctx context.Context, method, path, body string, status int, v any) error {
	res, err := b.send(ctx, method, path, body, "application/json")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != status {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, bytes.TrimSpace(text))
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(text, v)
}

// findNetwork looks blue up.
func (b *bench) findNetwork(ctx context.Context) error {
	var answer struct {
		Networks []struct{ ID string } `json:"networks"`
	}
	if err := b.do(ctx, "GET", "/v2.0/networks?name=blue", "", http.StatusOK, &answer); err != nil {
		return err
	}
	if len(answer.Networks) != 1 {
		return fmt.Errorf("%d networks named blue", len(answer.Networks))
	}
	b.network = answer.Networks[0].ID
	return nil
}
