package store

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"vifd/vif"
)

func benchStore(b *testing.B) *Store {
	s, err := Open(b.Context(), b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// attach does the two commits of one attach.
func attach(b *testing.B, s *Store, port string) {
	a := Attachment{NIC: vif.NIC{Port: vif.Port{ID: port, Segment: vif.Segment{Bridge: "br-int"}}, Server: "s", Tap: "tap" + port}, Desired: Attached}
	op := vif.Operation{ID: "req-" + port, Kind: vif.AttachInterface, Server: "s", Port: port, Started: time.Now()}
	err := s.Update(b.Context(), func(tx *Tx) (err error) {
		if a.NIC.Gen, err = tx.NextGen(); err != nil {
			return err
		}
		if a.NIC.OFPort, err = tx.FreeOFPort("br-int"); err != nil {
			return err
		}
		if err := tx.PutAttachment(a); err != nil {
			return err
		}
		return tx.PutOperation(op)
	})
	if err != nil {
		b.Fatal(err)
	}
	a.Settled, op.Result, op.Finished = true, vif.Success, time.Now()
	if err := s.Update(b.Context(), func(tx *Tx) error {
		if err := tx.PutAttachment(a); err != nil {
			return err
		}
		return tx.PutOperation(op)
	}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCommit(b *testing.B) {
	s := benchStore(b)
	for b.Loop() {
		if err := s.Update(b.Context(), func(tx *Tx) error { _, err := tx.NextGen(); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAttach(b *testing.B) {
	s := benchStore(b)
	for n := 0; b.Loop(); n++ {
		port := fmt.Sprint("p", n)
		attach(b, s, port)
		if err := s.Update(b.Context(), func(tx *Tx) error { a, err := tx.Attachment(port); tx.DropAttachment(port, a.NIC.Gen); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommitBeside(b *testing.B) {
	s := benchStore(b)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Update(b.Context(), func(tx *Tx) error { _, err := tx.NextGen(); return err }); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkView(b *testing.B) {
	s := benchStore(b)
	attach(b, s, "p")
	for b.Loop() {
		if err := s.View(b.Context(), func(tx *Tx) error { _, err := tx.Attachment("p"); return err }); err != nil {
			b.Fatal(err)
		}
	}
}
