package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// Error texts of egresses whose process was killed.
const (
	textKilled      = "ffegress was killed while recording; what was recorded until then is kept"
	textKilledEarly = "ffegress was killed before anything was recorded"
)

// ErrNoRecord means that a directory is not that of an egress, or was left before it had a record.
var ErrNoRecord = errors.New("no record of an egress")

// Recovery ends an egress whose process is dead.
type Recovery struct {
	home   *uploads.Home
	debts  *Debts
	ffmpeg string
	log    *slog.Logger
	diary  diary
	info   *livekit.EgressInfo
	died   time.Time
	ended  bool     // its terminal status was decided, and perhaps told, by the dead process
	whole  bool     // all that was to be recorded is there
	run    *Session // what of a session the rest of an egress needs
}

// OpenRecovery takes over the directory of an egress. ErrHeld of package uploads if its process lives, ErrNoRecord if
// there is nothing to go by; other errors mean that the record cannot be read.
func OpenRecovery(dir, ffmpeg string, debts *Debts, log *slog.Logger) (*Recovery, error) {
	if _, err := os.Stat(filepath.Join(dir, recordFile)); errors.Is(err, iofs.ErrNotExist) {
		return nil, ErrNoRecord
	}
	home, err := uploads.LockHome(dir)
	if err != nil {
		return nil, err
	}
	d, err := readRecord(dir, debts.Sealer)
	if err != nil {
		home.Release()
		if errors.Is(err, iofs.ErrNotExist) { // its process has just ended
			return nil, ErrNoRecord
		}
		return nil, err
	}
	info := &livekit.EgressInfo{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(d.Info, info); err != nil {
		home.Release()
		return nil, fmt.Errorf("record of the egress: %w", err)
	}
	r := &Recovery{home: home, debts: debts, ffmpeg: cmp.Or(ffmpeg, "ffmpeg"), log: log.With("egressID", info.EgressId), diary: d, info: info}
	r.died = r.lastWrite()
	// What was awaited when the process died, or lacking, is told anew if it still is.
	details, _, _ := strings.Cut(info.Details, lowPrefix)
	details, _, _ = strings.Cut(details, pendingPrefix)
	info.Details = strings.TrimSuffix(details, "; ")
	return r, nil
}

// Info is the egress as it was told last.
func (r *Recovery) Info() *livekit.EgressInfo { return r.info }

// Told says that the terminal status has arrived already: what is left is only to be delivered.
func (r *Recovery) Told() bool { return r.diary.Told }

// Run makes files of what was recorded, uploads them and tells the terminal status, by onUpdate, unless it was told
// already. It returns the info, which is not terminal if an upload was left to yet another process. Release is to be
// called when the terminal info has arrived.
func (r *Recovery) Run(ctx context.Context, onUpdate func(*livekit.EgressInfo)) *livekit.EgressInfo {
	if r.Told() {
		onUpdate = func(*livekit.EgressInfo) {}
	}
	s := r.session(onUpdate)
	defer close(s.done)
	if _, err := r.debts.Queue.Load(r.home.Dir); err != nil {
		r.log.Error("uploads of a dead egress", "error", err)
	}
	r.ended, r.whole = Terminal(r.info.Status), r.diary.End != nil
	if err := r.composeAgain(ctx); err != nil {
		r.log.Error("what was held back is lost", "error", err)
	}
	reports := newFileReport(r.info)
	var failed error
	left := false
	for _, f := range r.diary.Files {
		if r.Told() && r.debts.Queue.Ticket(r.home.Dir, fileDebt) != nil {
			continue // nobody waits for it
		}
		made, err := s.salvage(ctx, r, f)
		switch {
		case errors.Is(err, errLeft):
			left = true
		case err != nil && !errors.Is(err, outputs.ErrNothing):
			s.leftover = s.leftover || !isUpload(err)
			failed = errors.Join(failed, deliveryError(err))
			r.log.Error("recover", "name", f.Name, "error", err)
		}
		if !r.ended {
			reports.ended(made)
			s.status.detail(made.Note)
		}
	}
	err := r.salvageParts(s)
	left = left || errors.Is(err, errLeft)
	failed = errors.Join(failed, err)
	switch {
	case left:
		return s.status.snapshot()
	case r.ended:
		onUpdate(s.status.snapshot())
		return s.status.snapshot()
	}
	to, text, code, at := r.verdict(failed)
	s.status.reason(ReasonFailure)
	if to == livekit.EgressStatus_EGRESS_COMPLETE && s.info().Status == livekit.EgressStatus_EGRESS_ACTIVE {
		s.status.move(livekit.EgressStatus_EGRESS_ENDING) // it was about to be told
	}
	s.conclude(to, text, code, at)
	return s.status.snapshot()
}

// session is as much of a session as delivering needs. Its messages are answered while something is delivered.
func (r *Recovery) session(onUpdate func(*livekit.EgressInfo)) *Session {
	p := &plan.Plan{EgressID: r.info.EgressId, WorkDir: r.home.Dir, Ground: r.debts.Ground, Info: r.info}
	rec := &recorded{dir: r.home.Dir, about: "record " + filepath.Base(r.home.Dir), sealer: r.debts.Sealer, log: r.log, record: r.diary, on: true}
	s := &Session{
		plan: p, debts: r.debts, home: r.home, record: rec, log: r.log, onRecorded: func() {},
		messages: make(chan message), done: make(chan struct{}), manifests: r.diary.Manifests,
	}
	s.status = &status{info: r.info, now: time.Now, log: r.log, onUpdate: func(info *livekit.EgressInfo) {
		rec.info(info)
		onUpdate(info)
	}}
	r.run = s
	return s
}

func (s *Session) info() *livekit.EgressInfo { return s.status.info }

// Release is that of a session.
func (r *Recovery) Release() {
	if r.run == nil {
		r.home.Release()
		return
	}
	r.run.Release()
}

// Abandon gives the directory back as it is, for another process to try.
func (r *Recovery) Abandon() { r.home.Release() }

// verdict is how a dead egress ends: as it was to, if all was recorded when its process died.
func (r *Recovery) verdict(failed error) (to livekit.EgressStatus, text string, code int32, at time.Time) {
	whole := r.whole
	at = r.died
	for _, f := range r.diary.Files {
		whole = whole && f.Finished
	}
	switch {
	case whole && failed == nil:
		e := r.diary.End
		return e.Status, e.Error, e.Code, e.At
	case whole:
		return livekit.EgressStatus_EGRESS_FAILED, failed.Error(), errorCode(failed), r.diary.End.At
	}
	text = textKilled
	if r.info.Status == livekit.EgressStatus_EGRESS_STARTING {
		text = textKilledEarly
	}
	if failed != nil {
		text += "; " + failed.Error()
	}
	return livekit.EgressStatus_EGRESS_FAILED, text, http.StatusInternalServerError, at
}

// lastWrite is about when the process died: what it wrote last.
func (r *Recovery) lastWrite() time.Time {
	var last time.Time
	paths := []string{filepath.Join(r.home.Dir, recordFile), filepath.Join(r.home.Dir, journalFile)}
	for _, f := range r.diary.Files {
		paths = append(paths, f.Work)
	}
	if p := r.diary.Segments; p != nil {
		paths = append(paths, filesIn(p.Work)...)
	}
	for _, p := range r.diary.Images {
		paths = append(paths, filesIn(p.Work)...)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	if last.IsZero() {
		return time.Now()
	}
	return last
}

func filesIn(dir string) (paths []string) {
	entries, _ := os.ReadDir(dir) // without it nothing was written
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

// salvage gets one file to where it was wanted, from wherever the dead process has left it.
func (s *Session) salvage(ctx context.Context, r *Recovery, f fileRecord) (made outputs.Result, err error) {
	made = outputs.Result{Duration: f.Duration, Note: f.Note}
	if ticket := s.debts.Queue.Ticket(r.home.Dir, fileDebt); ticket != nil && !f.Store.Local() {
		return s.salvageDebt(ctx, ticket, made)
	}
	if f.Finished && !f.Store.Local() && !there(f.Made) {
		// It was a debt, and is none any more.
		return made, psrpc.NewErrorf(psrpc.InvalidArgument, "%s upload failed: %w", f.Store.Provider(), uploads.ErrDropped)
	}
	if !f.Finished {
		if made, err = r.make(ctx, f); err != nil {
			return made, err
		}
		s.record.finished(f.Name, made)
	}
	made.Path = f.Made
	if f.Store.Local() {
		// Its place is what the dead process took it for, wherever this one runs.
		info, err := os.Stat(f.Made)
		if err != nil {
			return outputs.Result{}, err
		}
		made.Size = info.Size()
	}
	err = s.step(context.Background(), func(context.Context) error { return s.ship(f.Store, f.Name, f.Type)(ctx, &made) })
	return made, err
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (s *Session) salvageDebt(ctx context.Context, ticket *uploads.Ticket, made outputs.Result) (outputs.Result, error) {
	err := s.step(context.Background(), func(context.Context) error {
		there, err := s.collect(ctx, ticket)
		made.Path, made.Size = there.Location, ticket.Debt().Size
		if err == nil {
			s.made.note(madeFile, ticket.Debt().Name, there, "")
		}
		return err
	})
	return made, err
}

// make makes the file of what was appended until its process died.
func (r *Recovery) make(ctx context.Context, f fileRecord) (outputs.Result, error) {
	if _, err := os.Stat(f.Work); errors.Is(err, iofs.ErrNotExist) {
		begun := time.Unix(0, r.info.StartedAt)
		if info, err := os.Stat(f.Made); err == nil && info.ModTime().After(begun) {
			return r.measured(f, "") // it died after the rename
		}
		return outputs.Result{}, outputs.ErrNothing
	}
	from := cmp.Or(f.From, f.Container)
	note, err := outputs.WorkFile{
		Path: f.Work, Container: from, Torn: true, Target: f.Made,
		Finaliser: workfile.Finaliser{
			Container: f.Container, Matroska: from == ffpipe.Matroska, Bitrate: trackBitrate, FFmpeg: r.ffmpeg, FS: r.debts.Ground.FS(), Log: r.log,
		},
	}.Make(ctx)
	if errors.Is(err, workfile.ErrEmpty) {
		return outputs.Result{}, outputs.ErrNothing
	}
	if err != nil {
		return outputs.Result{}, err
	}
	return r.measured(f, note)
}

// measured tells a file's size and duration.
func (r *Recovery) measured(f fileRecord, note string) (outputs.Result, error) {
	info, err := os.Stat(f.Made)
	if err != nil {
		return outputs.Result{}, err
	}
	made := outputs.Result{Path: f.Made, Size: info.Size(), Note: note}
	if made.Duration, err = workfile.Duration(workfile.OS(), f.Container, f.Made); err != nil {
		r.log.Warn("duration of a recovered file is that from its beginning to the last write", "name", f.Name, "error", err)
		for _, told := range r.info.FileResults {
			made.Duration = max(r.died.Sub(time.Unix(0, told.StartedAt)), 0)
		}
	}
	return made, nil
}
