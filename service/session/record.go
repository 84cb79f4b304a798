package session

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// recordFile is the sealed record in an egress' directory.
const recordFile = "record"

// diary is what another process must know to end an egress whose own was killed.
type diary struct {
	Info  json.RawMessage `json:"info"` // EgressInfo as it was told last
	Files []fileRecord    `json:"files"`
	// What is made of many files; nil = nothing is.
	Segments *segmentsRecord `json:"segments,omitempty"`
	Images   []imagesRecord  `json:"images,omitempty"`
	// Composed is how to make it again of its journal; nil = there is none.
	Composed *composedRecord `json:"composed,omitempty"`
	// Manifests are those that are wanted.
	Manifests []plan.Manifest `json:"manifests,omitempty"`
	End       *endRecord      `json:"end,omitempty"` // once the end was decided
	Told      bool            `json:"told,omitempty"`
}

// fileRecord is a file that is being made.
type fileRecord struct {
	From      ffpipe.Container `json:"from,omitempty"` // of what is appended to; "" = Container
	Container ffpipe.Container `json:"container"`
	Work      string           `json:"work"` // what is appended to; relative to the egress' directory where it is in it
	Made      string           `json:"made"` // what is made of it at the end; likewise
	Name      string           `json:"name"` // storage path
	Type      string           `json:"type"`
	Store     plan.Store       `json:"store"`
	// Finished says that Made is the whole recording.
	Finished bool          `json:"finished,omitempty"`
	Duration time.Duration `json:"duration,omitempty"`
	Note     string        `json:"note,omitempty"`
}

// endRecord is how the egress was to end.
type endRecord struct {
	At     time.Time            `json:"at"`
	Status livekit.EgressStatus `json:"status"`
	Error  string               `json:"error,omitempty"`
	Code   int32                `json:"code,omitempty"`
}

// recorded keeps a session's record; the nil one keeps nothing. Its methods may be called from any goroutine.
type recorded struct {
	dir    string
	about  string
	sealer *uploads.Sealer
	log    *slog.Logger

	mu     sync.Mutex
	record diary
	on     bool
}

func newRecorded(p *plan.Plan, debts *Debts, log *slog.Logger) *recorded {
	if debts == nil {
		return nil
	}
	return &recorded{dir: p.WorkDir, about: "record " + filepath.Base(p.WorkDir), sealer: debts.Sealer, log: log}
}

// begin writes the first record; an error means that the directory can not be written to.
func (r *recorded) begin(s *Session) error {
	info, err := protojson.Marshal(s.status.snapshot())
	if err != nil {
		return fmt.Errorf("record of the egress: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record, r.on = diary{Info: info}, true
	s.records(&r.record)
	return r.write()
}

// update changes the record and writes it. What cannot be written is told in the log: a full disk must not end an
// egress that could go on.
func (r *recorded) update(change func(*diary)) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.on {
		return
	}
	change(&r.record)
	if err := r.write(); err != nil {
		r.log.Warn("the record of the egress could not be written", "error", err)
	}
}

// write is called locked.
func (r *recorded) write() error {
	body, err := json.Marshal(r.record)
	if err != nil {
		return fmt.Errorf("record of the egress: %w", err)
	}
	if err := uploads.WriteFile(filepath.Join(r.dir, recordFile), r.sealer.Seal(body, r.about)); err != nil {
		return fmt.Errorf("record of the egress: %w", err)
	}
	return nil
}

// readRecord opens the record in an egress' directory.
func readRecord(dir string, sealer *uploads.Sealer) (diary, error) {
	var r diary
	sealed, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return r, fmt.Errorf("record of the egress: %w", err)
	}
	body, err := sealer.Open(sealed, "record "+filepath.Base(dir))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("record of the egress: %w", err)
	}
	for i := range r.Files {
		f := &r.Files[i]
		f.Work, f.Made = fromHome(dir, f.Work), fromHome(dir, f.Made)
	}
	if r.Segments != nil {
		r.Segments.Work = fromHome(dir, r.Segments.Work)
	}
	for i := range r.Images {
		r.Images[i].Work = fromHome(dir, r.Images[i].Work)
	}
	return r, nil
}

// info notes what is about to be told.
func (r *recorded) info(info *livekit.EgressInfo) {
	body, err := protojson.Marshal(info)
	if err != nil {
		return
	}
	r.update(func(r *diary) { r.Info = body })
}

// ends notes how the egress is going to end.
func (r *recorded) ends(e endRecord) { r.update(func(r *diary) { r.End = &e }) }

// named notes the file of a track, now that the track is known.
func (r *recorded) named(f fileRecord, manifests []plan.Manifest) {
	r.update(func(r *diary) { r.Files, r.Manifests = []fileRecord{f}, manifests })
}

// finished notes that a file is whole.
func (r *recorded) finished(name string, made outputs.Result) {
	r.update(func(r *diary) {
		for i := range r.Files {
			if f := &r.Files[i]; f.Name == name {
				f.Finished, f.Duration, f.Note = true, made.Duration, made.Note
			}
		}
	})
}

// told notes that the terminal status has arrived.
func (r *recorded) told() { r.update(func(r *diary) { r.Told = true }) }

// fileRecords are the files that the plan makes.
func (s *Session) fileRecords() []fileRecord {
	f := s.plan.File
	if f.Path == "" || s.plan.Passthrough { // what is made of a track is known later
		return nil
	}
	return []fileRecord{{
		Container: s.plan.Encoder.Container, Work: inHome(s.plan.WorkDir, workPath(s.plan)), Made: inHome(s.plan.WorkDir, f.Path), Name: f.Name, Type: f.Type, Store: s.plan.Stores.File,
	}}
}

// inHome makes a path in the egress' directory relative to it, so that the directory can be recovered elsewhere.
func inHome(home, path string) string {
	if rel, err := filepath.Rel(home, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// fromHome is the reverse.
func fromHome(home, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(home, path)
}

// workPath is what the file output appends to.
func workPath(p *plan.Plan) string {
	return filepath.Join(p.WorkDir, "work"+filepath.Ext(p.File.Path))
}
