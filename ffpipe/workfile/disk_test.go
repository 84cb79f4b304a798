package workfile

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"syscall"
)

var errPower = errors.New("power is off")

// disk is an FS whose power can be cut. What was not synced may be lost in a
// cut: of a file's data any suffix, and any page in front of that; of the
// directories' changes any suffix, for they are journalled in order.
type disk struct {
	mu      sync.Mutex
	steps   int // operations done
	cutAt   int // the operation that the power fails in, 0 = never
	off     bool
	rand    *rand.Rand
	names   map[string]*inode
	durable map[string]*inode
	pending []change
	devices bool                               // a directory is a device: renaming across is EXDEV
	fail    func(op, name string) (int, error) // optional: bytes of a write that succeed, and an error
}

type inode struct {
	data   []byte
	synced []byte
}

// change sets a name, or removes it when the inode is nil.
type change []struct {
	name string
	to   *inode
}

var _ FS = (*disk)(nil)

func newDisk(seed uint64, cutAt int) *disk {
	return &disk{
		cutAt: cutAt, rand: rand.New(rand.NewPCG(seed, uint64(cutAt))),
		names: map[string]*inode{}, durable: map[string]*inode{},
	}
}

// step counts one operation. Called locked.
func (d *disk) step(op, name string) error {
	if d.off {
		return errPower
	}
	d.steps++
	if d.steps == d.cutAt {
		d.off = true
		return errPower
	}
	if d.fail != nil {
		if _, err := d.fail(op, name); err != nil && op != "write" {
			return &iofs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return nil
}

func (d *disk) apply(c change) {
	for _, e := range c {
		set(d.names, e.name, e.to)
	}
	d.pending = append(d.pending, c)
}

func set(m map[string]*inode, name string, to *inode) {
	if to == nil {
		delete(m, name)
		return
	}
	m[name] = to
}

func (d *disk) Create(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("create", name); err != nil {
		return nil, err
	}
	if d.names[name] != nil {
		return nil, &iofs.PathError{Op: "create", Path: name, Err: iofs.ErrExist}
	}
	n := &inode{}
	d.apply(change{{name, n}})
	return &diskFile{d, n, name}, nil
}

func (d *disk) Open(name string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("open", name); err != nil {
		return nil, err
	}
	n := d.names[name]
	if n == nil {
		return nil, &iofs.PathError{Op: "open", Path: name, Err: iofs.ErrNotExist}
	}
	return &diskFile{d, n, name}, nil
}

func (d *disk) Rename(oldName, newName string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("rename", oldName); err != nil {
		return err
	}
	if d.devices && filepath.Dir(oldName) != filepath.Dir(newName) {
		return &iofs.PathError{Op: "rename", Path: oldName, Err: syscall.EXDEV}
	}
	n := d.names[oldName]
	if n == nil {
		return &iofs.PathError{Op: "rename", Path: oldName, Err: iofs.ErrNotExist}
	}
	d.apply(change{{oldName, nil}, {newName, n}})
	return nil
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("remove", name); err != nil {
		return err
	}
	if d.names[name] == nil {
		return &iofs.PathError{Op: "remove", Path: name, Err: iofs.ErrNotExist}
	}
	d.apply(change{{name, nil}})
	return nil
}

func (d *disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("syncdir", dir); err != nil {
		return err
	}
	last := 0
	for i, c := range d.pending {
		for _, e := range c {
			if filepath.Dir(e.name) == dir {
				last = i + 1
			}
		}
	}
	d.commit(last)
	return nil
}

func (d *disk) commit(n int) {
	for _, c := range d.pending[:n] {
		for _, e := range c {
			set(d.durable, e.name, e.to)
		}
	}
	d.pending = d.pending[n:]
}

// reboot is the disk after the cut.
func (d *disk) reboot() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commit(d.rand.IntN(len(d.pending) + 1))
	after := newDisk(d.rand.Uint64(), 0)
	after.devices = d.devices
	for name, n := range d.durable {
		data := d.survivor(n)
		after.names[name] = &inode{data: data, synced: data}
	}
	after.durable = maps.Clone(after.names)
	return after
}

// survivor is what a cut leaves of a file.
func (d *disk) survivor(n *inode) []byte {
	if len(n.data) <= len(n.synced) {
		if d.rand.IntN(2) == 0 {
			return append([]byte(nil), n.synced...)
		}
		return append([]byte(nil), n.data...)
	}
	const page = 4096
	size := len(n.synced) + d.rand.IntN(len(n.data)-len(n.synced)+1)
	data := append([]byte(nil), n.data[:size]...)
	if d.rand.IntN(2) == 0 {
		return data
	}
	for from := len(n.synced); from < size; from = (from/page + 1) * page {
		if d.rand.IntN(4) == 0 {
			clear(data[from:min((from/page+1)*page, size)])
		}
	}
	return data
}

type diskFile struct {
	d    *disk
	n    *inode
	name string
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.off {
		return 0, errPower
	}
	if off >= int64(len(f.n.data)) {
		return 0, errors.New("read behind the end")
	}
	n := copy(p, f.n.data[off:])
	if n < len(p) {
		return n, fmt.Errorf("read of %d bytes at %d behind the end", len(p), off)
	}
	return n, nil
}

func (f *diskFile) Write(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("write", f.name); err != nil {
		if f.d.steps == f.d.cutAt { // torn
			f.n.data = append(f.n.data, p[:f.d.rand.IntN(len(p)+1)]...)
		}
		return 0, err
	}
	if f.d.fail != nil {
		if n, err := f.d.fail("write", f.name); err != nil {
			f.n.data = append(f.n.data, p[:min(n, len(p))]...)
			return min(n, len(p)), &iofs.PathError{Op: "write", Path: f.name, Err: err}
		}
	}
	f.n.data = append(f.n.data, p...)
	return len(p), nil
}

// kept is what of a file a power cut would leave now.
func (d *disk) kept(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.names[name].synced
}

// count is how many operations the disk has seen.
func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.steps
}

func (f *diskFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("sync", f.name); err != nil {
		return err
	}
	f.n.synced = append([]byte(nil), f.n.data...)
	return nil
}

func (f *diskFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("truncate", f.name); err != nil {
		return err
	}
	f.n.data = f.n.data[:size:size]
	return nil
}

func (f *diskFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *diskFile) Close() error { return nil }
