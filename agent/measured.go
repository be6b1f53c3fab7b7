package agent

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"vifd/agent/hotplug"
	"vifd/agent/metrics"
	"vifd/vif"
)

// measured is the engine, with its attaches and detaches counted.
type measured struct {
	*hotplug.Engine
	metrics *metrics.Metrics
}

// Attach is the engine's.
func (m measured) Attach(ctx context.Context, r vif.Request) (vif.Attachment, error) {
	begun := time.Now()
	a, err := m.Engine.Attach(ctx, r)
	m.metrics.Done(metrics.Attach, begun, err)
	return a, err
}

// AttachAll is the engine's. Each of the attaches took as long as its caller waited.
func (m measured) AttachAll(ctx context.Context, rs []vif.Request) ([]vif.Attachment, error) {
	begun := time.Now()
	all, err := m.Engine.AttachAll(ctx, rs)
	for range rs {
		m.metrics.Done(metrics.Attach, begun, err)
	}
	return all, err
}

// Detach is the engine's.
func (m measured) Detach(ctx context.Context, r vif.Request) error {
	begun := time.Now()
	err := m.Engine.Detach(ctx, r)
	m.metrics.Done(metrics.Detach, begun, err)
	return err
}

// measure returns the metrics of the parts.
func (a *agent) measure() *metrics.Metrics {
	return metrics.New(metrics.Sources{
		Version: a.Version, Parts: a.parts, Attached: a.engine.Attached, Leaked: a.engine.Leaked,
		Stored: func() int64 { return stored(a.config.StateDir) },
	})
}

// stored returns how many bytes the files in the directory have.
func stored(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what went away meanwhile has no size
		}
		if info, err := d.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
