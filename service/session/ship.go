package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// errLeft is told of a file whose upload is left to another process.
var errLeft = errors.New("the upload is left on disk")

// shipper puts files into an object store. Each becomes a debt on disk, which outlives the session and the process.
type shipper struct {
	session *Session
	store   plan.Store
	id      string // of the debt; "" = a new one for each file
}

var _ outputs.Deliver = shipper{}

// Deliver waits until the store has confirmed the file, for as long as an upload is awaited before it is reported as
// failed. Its error is errLeft or a psrpc error.
func (d shipper) Deliver(ctx context.Context, f outputs.Delivery) (outputs.Delivered, error) {
	id := d.id
	if id == "" {
		id = fmt.Sprintf("%06d-%s", d.session.shipped.Add(1), rand.Text()[:6])
	}
	ticket, err := d.owe(f, id)
	if err != nil {
		return outputs.Delivered{}, err
	}
	return d.session.collect(ctx, ticket)
}

// owe makes a debt of the file.
func (d shipper) owe(f outputs.Delivery, id string) (*uploads.Ticket, error) {
	s := d.session
	ticket, err := s.debts.Queue.Add(s.plan.WorkDir, uploads.Debt{
		ID: id, Egress: s.plan.EgressID, Name: f.Name, Key: d.store.Key(f.Name), ContentType: f.Type,
		Target: d.store.Target, Backup: d.store.BackupOf(f.Name),
	}, f.Path)
	if err != nil {
		return nil, psrpc.NewErrorf(psrpc.Internal, "%s upload failed: %w", d.store.Provider(), err)
	}
	return ticket, nil
}

// collect waits for a debt to be paid, and has the status tell why it is not.
func (s *Session) collect(ctx context.Context, ticket *uploads.Ticket) (outputs.Delivered, error) {
	debt := ticket.Debt()
	ctx, cancel := context.WithDeadline(ctx, debt.Added.Add(s.debts.Deadline))
	defer cancel()
	ctx, left := context.WithCancelCause(ctx)
	defer left(nil)
	stop := context.AfterFunc(s.debts.leave(), func() { left(errLeft) })
	defer stop()

	location, err := ticket.Wait(ctx, func(err error) { s.post(func() { s.owes(debt.ID, reasonOf(err)) }) })
	switch {
	case err == nil:
		backup := ticket.Debt().BackupUsed
		s.post(func() {
			s.status.info.BackupStorageUsed = s.status.info.BackupStorageUsed || backup
			s.owes(debt.ID, "")
		})
		return outputs.Delivered{Location: location, Size: debt.Size}, nil
	case errors.Is(context.Cause(ctx), errLeft):
		return outputs.Delivered{}, errLeft
	}
	s.post(func() { s.owes(debt.ID, "") })
	if _, ok := errors.AsType[*uploads.Error](err); !ok {
		err = fmt.Errorf("%s upload failed: %w", debt.Provider, err)
	}
	return outputs.Delivered{}, psrpc.NewError(psrpc.InvalidArgument, err)
}

func reasonOf(err error) string {
	if e, ok := errors.AsType[*uploads.Error](err); ok {
		return e.Reasons()
	}
	return err.Error()
}

// fileDebt is the debt of an egress' file, by which it is found again.
const fileDebt = "file"

// deliverTo puts files of an output into its store, and notes them for the manifest.
func (s *Session) deliverTo(kind madeKind, store plan.Store) outputs.Deliver {
	var next outputs.Deliver = outputs.LocalDeliver{Prefix: store.Prefix, FS: s.plan.Ground.FS()}
	if !store.Local() {
		ship := shipper{session: s, store: store}
		if kind == madeFile {
			ship.id = fileDebt
		}
		next = ship
	}
	return noting{next, &s.made, kind}
}

// noting is a Deliver that remembers what was delivered.
type noting struct {
	next outputs.Deliver
	made *made
	kind madeKind
}

func (n noting) Deliver(ctx context.Context, f outputs.Delivery) (outputs.Delivered, error) {
	sum := hashing(f.Path)
	there, err := n.next.Deliver(ctx, f)
	if err == nil {
		n.made.note(n.kind, f.Name, there, <-sum)
	}
	return there, err
}

// ship gets a finished file to its store. One that stays on this machine is in its place already.
func (s *Session) ship(store plan.Store, name, kind string) func(context.Context, *outputs.Result) error {
	return func(ctx context.Context, made *outputs.Result) error {
		if made.Path == "" {
			return nil
		}
		s.record.finished(name, *made)
		if store.Local() {
			s.made.note(madeFile, name, outputs.Delivered{Location: made.Path, Size: made.Size}, <-hashing(made.Path))
			return nil
		}
		s.onRecorded()
		there, err := s.deliverTo(madeFile, store).Deliver(ctx, outputs.Delivery{Path: made.Path, Name: name, Type: kind})
		made.Path = there.Location
		if err != nil {
			return err
		}
		made.Size = there.Size
		return nil
	}
}

// errUnowned is told of a work directory that another egress of the same id has.
var errUnowned = psrpc.NewErrorf(psrpc.AlreadyExists, "egress already exists")

// settle takes possession of the egress' directory.
func (s *Session) settle() error {
	if s.debts == nil {
		if len(s.plan.Probes()) > 0 {
			return psrpc.NewErrorf(psrpc.Internal, "there is no queue for uploads")
		}
		if err := os.MkdirAll(s.plan.WorkDir, 0o700); err != nil {
			return psrpc.NewErrorf(psrpc.Internal, "work dir: %w", err)
		}
		return nil
	}
	home, err := uploads.LockHome(s.plan.WorkDir)
	switch {
	case errors.Is(err, uploads.ErrHeld):
		return errUnowned
	case err != nil:
		return psrpc.NewErrorf(psrpc.Internal, "work dir: %w", err)
	}
	s.home = home
	return s.record.begin(s)
}

// Release is called once the terminal status was told to whoever wants to know it. Nothing is left of the egress then
// but what it still owes, or what could not be delivered, for which its directory stays.
func (s *Session) Release() {
	switch {
	case s.home == nil:
	case s.leftover:
		s.record.told()
		s.home.Release()
	default:
		s.record.told()
		s.debts.release(s.home)
	}
}

// isUpload tells the failure of an upload: the file lies safe as a debt.
func isUpload(err error) bool {
	_, ok := errors.AsType[*uploads.Error](err)
	return ok || errors.Is(err, uploads.ErrDropped)
}

// owes notes why a debt is not paid yet, "" for one that is settled, and tells it once nothing but uploads remains.
func (s *Session) owes(id, reason string) {
	if s.owed == nil {
		s.owed = map[string]string{}
	}
	if reason == "" {
		delete(s.owed, id)
	} else {
		s.owed[id] = reason
	}
	s.tellOwed()
}

// tellOwed is also called when the media ends.
func (s *Session) tellOwed() {
	if s.recording || Terminal(s.status.info.Status) {
		return
	}
	if len(s.owed) == 0 {
		s.status.owed = "" // what follows tells it
		return
	}
	oldest := slices.Min(slices.Collect(maps.Keys(s.owed)))
	s.status.pending(s.owed[oldest])
}
