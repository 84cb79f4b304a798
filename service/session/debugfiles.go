package session

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

const (
	// debugDir is where debug files lie in the work dir.
	debugDir = "debug"
	// debugMost is how large a debug file becomes, in bytes; then it is begun anew, and one older is kept.
	debugMost = 100 << 20
	// debugWait bounds how long an egress that has told its end waits for its debug files.
	debugWait = 20 * time.Second
)

// debugFiles are files for fault finding, which go to a store of their own at the egress' end. What goes wrong with them is
// logged and changes nothing. nil keeps none.
type debugFiles struct {
	plan plan.Debug
	id   string
	dir  string
	log  *slog.Logger
	open func(context.Context, uploads.Target, *slog.Logger) (uploads.Store, error)

	mu     sync.Mutex
	files  []*debugFile
	closed bool
	cpu    *os.File
}

func newDebugFiles(p *plan.Plan, log *slog.Logger) *debugFiles {
	if !p.Debug.Kept() {
		return nil
	}
	return &debugFiles{plan: p.Debug, id: p.EgressID, dir: filepath.Join(p.WorkDir, debugDir), log: log, open: uploads.Open}
}

// begin is called when the egress has its work dir.
func (d *debugFiles) begin() {
	if d == nil || !d.plan.Profiles {
		return
	}
	f, err := d.create("cpu.prof")
	if err == nil {
		// One profile at a time is taken of a process: where another egress has it, this one has none.
		if err = pprof.StartCPUProfile(f); err == nil {
			d.cpu = f
			return
		}
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	d.log.Debug("no profile of the processors", "error", err)
}

func (d *debugFiles) create(name string) (*os.File, error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(d.dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

// file begins one. After the end nothing is kept of what is written to it.
func (d *debugFiles) file(name string) io.Writer {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &debugFile{dir: d, name: name, most: debugMost}
	if f.closed = d.closed; !f.closed {
		d.files = append(d.files, f)
	}
	return f
}

// logger writes lines of JSON to a file.
func (d *debugFiles) logger(name string) *slog.Logger {
	return slog.New(slog.NewJSONHandler(d.file(name), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// beside has what log tells be kept in a file, too.
func (d *debugFiles) beside(log *slog.Logger, name string) *slog.Logger {
	if d == nil || !d.plan.Streams {
		return log
	}
	return slog.New(slog.NewMultiHandler(log.Handler(), d.logger(name).Handler()))
}

// console is where what a page tells goes; nil = nowhere.
func (d *debugFiles) console() *slog.Logger {
	if d == nil || !d.plan.Console {
		return nil
	}
	return d.logger("chrome.log")
}

// close ends all files, and has them outlive the work dir, which may go once the egress' end is told.
func (d *debugFiles) close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	was, files := d.closed, d.files
	d.closed = true
	d.mu.Unlock()
	if was {
		return
	}
	if d.cpu != nil {
		pprof.StopCPUProfile()
		d.tell("cpu.prof", d.cpu.Close())
	}
	if d.plan.Profiles {
		d.tell("heap.prof", d.heap())
	}
	for _, f := range files {
		d.tell(f.name, f.close())
	}
	aside := filepath.Join(filepath.Dir(filepath.Dir(d.dir)), ".debug-"+filepath.Base(filepath.Dir(d.dir)))
	if err := os.Rename(d.dir, aside); err == nil {
		d.dir = aside
	} else if !errors.Is(err, os.ErrNotExist) {
		d.tell("all", err)
	}
}

// end puts all files into the store, unless they are nobody's, and removes them.
func (d *debugFiles) end(keep bool) {
	if d == nil {
		return
	}
	d.close()
	if keep {
		d.tell("all", d.upload())
	}
	d.tell("all", os.RemoveAll(d.dir))
}

func (d *debugFiles) heap() error {
	f, err := d.create("heap.prof")
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(f), f.Close())
}

// upload puts what there is into the store.
func (d *debugFiles) upload() error {
	names, err := os.ReadDir(d.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || len(names) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), debugWait)
	defer cancel()
	store, err := d.open(ctx, d.plan.Store.Target, d.log)
	if err != nil {
		return err
	}
	defer store.Close()
	var all []error
	for _, entry := range names {
		key := d.plan.Store.Key(path.Join(d.id, entry.Name()))
		err := store.Put(ctx, uploads.Object{Key: key, File: filepath.Join(d.dir, entry.Name()), ContentType: debugType(entry.Name())})
		if err != nil {
			all = append(all, err)
			continue
		}
		d.log.Info("debug file", "key", key, "store", d.plan.Store.Target)
	}
	return errors.Join(all...)
}

func debugType(name string) string {
	switch filepath.Ext(name) {
	case ".csv":
		return "text/csv"
	case ".log":
		return "text/plain"
	}
	return "application/octet-stream"
}

func (d *debugFiles) tell(name string, err error) {
	if err != nil {
		d.log.Warn("debug file", "name", name, "error", err)
	}
}
