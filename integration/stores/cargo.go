package stores

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/ffegress/ffegress/integration/rig"
	"github.com/ffegress/ffegress/uploads"
)

// cargo is a large file in the directory of an egress, to be uploaded by one process after the other.
type cargo struct {
	home, file string
	sum        string // SHA-256, hex
	sealer     *uploads.Sealer
}

func newCargo(dir string, size int64) (*cargo, error) {
	work := filepath.Join(dir, "work")
	c := &cargo{home: filepath.Join(work, "EG_large")}
	if err := os.MkdirAll(c.home, 0o700); err != nil {
		return nil, err
	}
	var err error
	if c.sealer, err = uploads.NewSealer(rig.APISecret, work); err != nil {
		return nil, err
	}
	c.file = filepath.Join(c.home, "recording.mp4")
	f, err := os.Create(c.file)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	_, err = io.CopyN(io.MultiWriter(f, sum), rand.NewChaCha8([32]byte{}), size)
	c.sum = hex.EncodeToString(sum.Sum(nil))
	return c, errors.Join(err, f.Close())
}

// owe makes a queue with the debt of the file.
func (c *cargo) owe(d uploads.Debt) (*uploads.Queue, error) {
	q := uploads.NewQueue(uploads.Options{Sealer: c.sealer})
	_, err := q.Add(c.home, d, c.file)
	return q, err
}

// queue is another process' queue, which finds the debt on disk.
func (c *cargo) queue() (*uploads.Queue, error) {
	q := uploads.NewQueue(uploads.Options{Sealer: c.sealer})
	owed, err := q.Load(c.home)
	if err == nil && owed != 1 {
		err = fmt.Errorf("%d debts are on disk", owed)
	}
	return q, err
}

// pay runs a queue until nothing is owed.
func (c *cargo) pay(ctx context.Context, q *uploads.Queue) error {
	running, end := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.Run(running)
	}()
	var err error
	select {
	case <-q.Idle():
	case <-ctx.Done():
		err = ctx.Err()
	}
	end()
	<-done
	return err
}
