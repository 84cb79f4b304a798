package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// manifestWait is how long an egress' end waits for its manifest; later it is uploaded all the same.
const manifestWait = 10 * time.Second

// madeKind says what a delivered file is.
type madeKind int

const (
	madeFile madeKind = iota
	madeSegment
	madeImage
)

// made are the files that an egress has delivered.
type made struct {
	mu   sync.Mutex
	list []madeObject
}

type madeObject struct {
	kind     madeKind
	name     string
	location string
	size     int64
	sha256   string
	at       time.Time
}

// note adds a file; another of the same name takes its place.
func (m *made) note(kind madeKind, name string, there outputs.Delivered, sum string) {
	m.noteAt(kind, name, there, sum, time.Now())
}

func (m *made) noteAt(kind madeKind, name string, there outputs.Delivered, sum string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := madeObject{kind, name, there.Location, there.Size, sum, at}
	for i := range m.list {
		if m.list[i].name == name {
			m.list[i] = o
			return
		}
	}
	m.list = append(m.list, o)
}

// hashing begins to compute a file's SHA-256, in hex; "" if it cannot be read. The file may be moved meanwhile.
func hashing(path string) <-chan string {
	out := make(chan string, 1)
	f, err := os.Open(path)
	if err != nil {
		out <- ""
		return out
	}
	go func() {
		defer f.Close()
		sum := sha256.New()
		if _, err := io.Copy(sum, f); err != nil {
			out <- ""
			return
		}
		out <- hex.EncodeToString(sum.Sum(nil))
	}()
	return out
}

// manifest is the JSON that LiveKit Egress puts beside what it makes, with a part of ours at the end. Times are unix
// nanoseconds.
type manifest struct {
	EgressID          string     `json:"egress_id,omitempty"`
	RoomID            string     `json:"room_id,omitempty"`
	RoomName          string     `json:"room_name,omitempty"`
	URL               string     `json:"url,omitempty"`
	StartedAt         int64      `json:"started_at,omitempty"`
	EndedAt           int64      `json:"ended_at,omitempty"`
	PublisherIdentity string     `json:"publisher_identity,omitempty"`
	TrackID           string     `json:"track_id,omitempty"`
	AudioTrackID      string     `json:"audio_track_id,omitempty"`
	VideoTrackID      string     `json:"video_track_id,omitempty"`
	Files             []listed   `json:"files,omitempty"`
	Playlists         []playlist `json:"playlists,omitempty"`
	Images            []listed   `json:"images,omitempty"`
	Ours              ours       `json:"ffegress"`
}

type listed struct {
	Filename  string `json:"filename"`
	Timestamp string `json:"timestamp,omitempty"`
	Location  string `json:"location,omitempty"`
}

type playlist struct {
	Location string   `json:"location"`
	Segments []listed `json:"segments"`
}

// ours is what LiveKit Egress does not tell.
type ours struct {
	Status    string         `json:"status"`
	Error     string         `json:"error,omitempty"`
	Details   string         `json:"details,omitempty"`
	Counts    map[string]any `json:"counts,omitempty"` // pictures repeated, held and lost
	Checksums []checksum     `json:"checksums,omitempty"`
}

type checksum struct {
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256,omitempty"`
}

// newManifest tells of an egress that has ended.
func newManifest(info *livekit.EgressInfo, all []madeObject, counts map[string]any) manifest {
	m := manifest{
		EgressID: info.EgressId, RoomID: info.RoomId, RoomName: info.RoomName, StartedAt: info.StartedAt, EndedAt: info.EndedAt,
		Ours: ours{Status: info.Status.String(), Error: info.Error, Details: info.Details, Counts: counts},
	}
	switch r := info.Request.(type) {
	case *livekit.EgressInfo_Web:
		m.URL = r.Web.GetUrl()
	case *livekit.EgressInfo_Egress:
		m.URL = r.Egress.GetWeb().GetUrl()
	case *livekit.EgressInfo_Participant:
		m.PublisherIdentity = r.Participant.GetIdentity()
	case *livekit.EgressInfo_TrackComposite:
		m.AudioTrackID, m.VideoTrackID = r.TrackComposite.GetAudioTrackId(), r.TrackComposite.GetVideoTrackId()
	case *livekit.EgressInfo_Track:
		m.TrackID = r.Track.GetTrackId()
	}
	list := playlist{}
	for _, o := range all {
		m.Ours.Checksums = append(m.Ours.Checksums, checksum{o.name, o.size, o.sha256})
		one := listed{Filename: o.name, Location: o.location}
		switch {
		case o.kind == madeFile:
			m.Files = append(m.Files, one)
		case o.kind == madeImage:
			one.Timestamp = o.at.UTC().Format(time.RFC3339)
			m.Images = append(m.Images, one)
		case path.Ext(o.name) == ".m3u8":
			// The main playlist is delivered again at the end; a live one ends before it.
			list.Location = o.location
		default:
			list.Segments = append(list.Segments, one)
		}
	}
	for _, s := range info.SegmentResults {
		if s.PlaylistLocation != "" {
			list.Location = s.PlaylistLocation
		}
	}
	if list.Location != "" || len(list.Segments) > 0 {
		m.Playlists = append(m.Playlists, list)
	}
	return m
}

// wanted are the manifests to write.
func (s *Session) wanted() []plan.Manifest {
	if s.manifests != nil {
		return s.manifests // of a dead session
	}
	return s.plan.Manifests()
}

// tellManifests writes the manifest beside each output that wants one, in the order of outputs, and notes where the
// first one is. Failures are only logged: the recording is what counts.
func (s *Session) tellManifests(wanted []plan.Manifest, info *livekit.EgressInfo, counts map[string]any) {
	s.made.mu.Lock()
	body, err := json.MarshalIndent(newManifest(info, s.made.list, counts), "", "  ")
	s.made.mu.Unlock()
	if err != nil {
		s.log.Error("manifest", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), manifestWait)
	defer cancel()
	for n, m := range wanted {
		if s.refused && !m.Store.Local() || m.Disabled && !info.BackupStorageUsed {
			continue
		}
		location, backup, err := s.tellManifest(ctx, m, n, append(body, '\n'))
		info.BackupStorageUsed = info.BackupStorageUsed || backup
		if err != nil {
			s.log.Warn("manifest", "name", m.Name, "store", m.Store.Target, "error", err)
			continue
		}
		if info.ManifestLocation == "" {
			info.ManifestLocation = location
		}
	}
}

func (s *Session) tellManifest(ctx context.Context, m plan.Manifest, n int, body []byte) (location string, backup bool, err error) {
	dir := filepath.Join(s.plan.WorkDir, "manifest")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", false, err
	}
	file := filepath.Join(dir, string(rune('a'+n))+".json")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		return "", false, err
	}
	d := outputs.Delivery{Path: file, Name: m.Name, Type: "application/json"}
	if m.Store.Local() {
		there, err := outputs.LocalDeliver{Prefix: m.Store.Prefix, FS: s.plan.Ground.FS()}.Deliver(ctx, d)
		return there.Location, false, err
	}
	ticket, err := shipper{session: s, store: m.Store}.owe(d, fmt.Sprintf("manifest%d-%s", n, rand.Text()[:6]))
	if err != nil {
		return "", false, err
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	location, err = ticket.Wait(ctx, func(error) { giveUp() })
	return location, ticket.Debt().BackupUsed, err
}
