package uploads

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrDropped is what waiting for a debt ends with when an operator has dropped it.
var ErrDropped = errors.New("the upload was dropped by an operator")

// Options are what a queue works with.
type Options struct {
	Sealer *Sealer
	// Open makes a target's store; nil = Open of this package.
	Open func(ctx context.Context, t Target, log *slog.Logger) (Store, error)
	// Settled is told of a home whose last debt was paid or dropped after it was Left; nil = nobody is.
	Settled func(home string)
	// Tried is told of each try that ended: err is nil when the store has confirmed the file. It must not call the queue.
	// nil = nobody is told.
	Tried func(d Debt, err error, took time.Duration)
	Log   *slog.Logger // nil discards
}

// Queue pays debts. Run it in one goroutine; its other methods are for any. A debt lies in the home directory of its
// egress; who adds or loads it must own that directory, so that no other process works on it.
type Queue struct {
	o    Options
	log  *slog.Logger
	wake chan struct{}

	mu       sync.Mutex
	debts    map[string]*entry // by directory
	stores   map[string]*shop  // by target
	switched map[string]bool   // by switchKey: targets that have failed an egress with a backup
	idle     chan struct{}     // closed while nothing is owed
}

// entry is a debt as the queue has it. All but dir, home and data is guarded by the queue's lock.
type entry struct {
	home, dir string
	data      string // the file
	debt      Debt
	volatile  bool // it could not be written down: a full disk
	running   bool
	dropped   bool
	err       error // of the last try
	due       time.Time
	changed   chan struct{} // closed and replaced when any of the above changes
}

func (e *entry) open() bool { return e.debt.Paid.IsZero() && !e.dropped }

// called locked
func (e *entry) change() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// NewQueue makes a queue without debts.
func NewQueue(o Options) *Queue {
	q := &Queue{
		o: o, log: o.Log, wake: make(chan struct{}, 1),
		debts: map[string]*entry{}, stores: map[string]*shop{}, switched: map[string]bool{}, idle: make(chan struct{}),
	}
	if q.o.Open == nil {
		q.o.Open = Open
	}
	if q.log == nil {
		q.log = slog.New(slog.DiscardHandler)
	}
	close(q.idle)
	return q
}

// Add takes a file over as a debt of the egress whose home this is: ID, Egress, Name, Key, ContentType, Target and
// Backup say what is owed. When it returns the debt survives anything; on a disk too full for that it is tried all the same, and
// the log tells. The file is moved into the home, on whose file system it must be.
func (q *Queue) Add(home string, d Debt, path string) (*Ticket, error) {
	if !validID(d.ID) {
		return nil, fmt.Errorf("add debt: %q is no plain name", d.ID)
	}
	dir := debtDir(home, d.ID)
	d.Added, d.Source, d.Provider = time.Now(), path, d.Target.Provider()
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("add debt: %w", err)
	}
	d.Size = info.Size()
	if d.Backup != nil {
		d.BackupProvider = d.Backup.Target.Provider()
	}
	e := &entry{home: home, dir: dir, debt: d, data: path, changed: make(chan struct{})}
	if err := q.settle(e); err != nil {
		q.log.Error("an upload cannot be written down; it is tried all the same", "egressID", d.Egress, "name", d.Name, "error", err)
		e.volatile = true
	}
	return q.enter(e)
}

// settle writes a new debt down and moves its file in. The directory is there first, then what is owed and whence,
// then the file: a crash in between loses neither.
func (q *Queue) settle(e *entry) error {
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return err
	}
	if err := errors.Join(syncDir(filepath.Dir(e.dir)), syncDir(e.home)); err != nil {
		return err
	}
	if err := e.debt.write(e.dir, q.o.Sealer); err != nil {
		return err
	}
	data, size, err := takeIn(e.dir, e.debt.Source)
	if err != nil {
		return err
	}
	e.data, e.debt.Size = data, size
	return nil
}

func (q *Queue) enter(e *entry) (*Ticket, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.debts[e.dir]; ok {
		return nil, fmt.Errorf("add debt: %s is there already", e.debt.ID)
	}
	q.debts[e.dir] = e
	if e.debt.Switched {
		q.switched[switchKey(e.home, e.debt.Target)] = true
	}
	q.recount()
	q.kick()
	return &Ticket{q, e}, nil
}

// Load takes over the debts that lie in a home, paid ones too. One that cannot be read is told in the error and left
// as it is; the others are taken.
func (q *Queue) Load(home string) (owed int, err error) {
	dirs, err := filepath.Glob(filepath.Join(globEscape(home), debtsFolder, "*"))
	if err != nil {
		return 0, fmt.Errorf("load debts: %w", err)
	}
	var failed error
	for _, dir := range dirs {
		d, err := readDebt(dir, q.o.Sealer)
		if errors.Is(err, iofs.ErrNotExist) {
			// Nothing was written yet when its process died: the file is where it was.
			failed = errors.Join(failed, os.RemoveAll(dir))
			continue
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		e := &entry{home: home, dir: dir, debt: d, data: filepath.Join(dir, dataFile), changed: make(chan struct{})}
		if d.Paid.IsZero() {
			if _, e.debt.Size, err = takeIn(dir, d.Source); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			owed++
		}
		if _, err := q.enter(e); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return owed, failed
}

// Ticket finds a debt that was added or loaded; nil if there is none.
func (q *Queue) Ticket(home, id string) *Ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e, ok := q.debts[debtDir(home, id)]; ok {
		return &Ticket{q, e}
	}
	return nil
}

// Leave says that nobody waits for a home's debts any more: what is paid is forgotten now, the rest when it is. It
// tells how many are still owed; the home must stay for them.
func (q *Queue) Leave(home string) (owed int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.debts {
		if e.home != home {
			continue
		}
		if e.open() {
			owed++
			e.debt.Left = true
			q.note(e)
			continue
		}
		q.forget(e)
	}
	q.kick()
	return owed
}

// Idle is closed while nothing is owed, for the debts as they are now.
func (q *Queue) Idle() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.idle
}

// Owed is how many debts are open.
func (q *Queue) Owed() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.owed()
}

// called locked
func (q *Queue) owed() (n int) {
	for _, e := range q.debts {
		if e.open() {
			n++
		}
	}
	return n
}

// recount keeps idle; called locked.
func (q *Queue) recount() {
	owed := q.owed() > 0
	select {
	case <-q.idle:
		if owed {
			q.idle = make(chan struct{})
		}
	default:
		if !owed {
			close(q.idle)
		}
	}
}

// note writes down how a debt stands; called locked.
func (q *Queue) note(e *entry) {
	if e.volatile {
		return
	}
	if err := e.debt.write(e.dir, q.o.Sealer); err != nil {
		q.log.Warn("the state of an upload could not be written down", "egressID", e.debt.Egress, "name", e.debt.Name, "error", err)
	}
}

// forget takes a debt off the disk; called locked.
func (q *Queue) forget(e *entry) {
	delete(q.debts, e.dir)
	if e.debt.Backup != nil && !q.anyOf(e.home) {
		delete(q.switched, switchKey(e.home, e.debt.Target))
	}
	if err := os.RemoveAll(e.dir); err != nil {
		q.log.Warn("what is left of an upload could not be removed", "dir", e.dir, "error", err)
	}
}

func (q *Queue) kick() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// globEscape makes a path mean itself in a pattern.
func globEscape(path string) string {
	var out []rune
	for _, r := range path {
		if r == '*' || r == '?' || r == '[' || r == '\\' {
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}
