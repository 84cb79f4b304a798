package debts

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/rig"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/uploads"
)

// A piece is what is repeated: as many pictures as sound of whole packets takes.
const (
	pieceFrames  = 576
	piecePackets = 900
	pieceLength  = pieceFrames * time.Second / 30
)

// readable tells how long after Stop a long recording can be fetched, beside a plain upload of the same file. What an
// encoder makes in that time is put through the file output as fast as the disk takes it.
func readable(length time.Duration) accept.Case {
	return accept.Case{
		ID: "readable", Line: 5, Title: fmt.Sprintf("Stop to a readable object, %v of 1080p at 4500 kb/s", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "readable-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			store, err := objects.Start(filepath.Join(dir, "store"), bucket)
			if err != nil {
				return err
			}
			defer store.Close()
			l := &long{dir: dir, store: store, home: filepath.Join(dir, "work", "EG_long")}
			if err := os.MkdirAll(l.home, 0o700); err != nil {
				return err
			}
			if err := l.record(ctx, int(length/pieceLength)); err != nil {
				return err
			}
			return l.deliver(ctx, o)
		},
	}
}

// long is a recording that takes long.
type long struct {
	dir, home string
	store     *objects.Server
	file      *outputs.File
}

// piece is fragmented MP4 as the encoder of a recording writes it.
func (l *long) piece(ctx context.Context) ([]byte, error) {
	path := filepath.Join(l.dir, "piece.mp4")
	seconds := fmt.Sprintf("%g", pieceLength.Seconds())
	out, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d="+seconds+",noise=alls=12:allf=t", "-f", "lavfi", "-i", "sine=r=48000:d="+seconds,
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "4500k", "-maxrate", "4500k", "-bufsize", "4500k", "-g", "120",
		"-frames:v", fmt.Sprint(pieceFrames), "-c:a", "aac", "-ac", "2", "-b:a", "128k",
		"-frames:a", fmt.Sprint(piecePackets-1), // the first has what a decoder needs before the beginning
		"-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+delay_moov", "-movie_timescale", "90000", "-frag_duration", "500000", path,
	).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("make a piece: %w: %s", err, out)
	}
	return os.ReadFile(path)
}

// record appends that many pieces.
func (l *long) record(ctx context.Context, pieces int) error {
	piece, err := l.piece(ctx)
	if err != nil {
		return err
	}
	hub := outputs.NewHub(outputs.HubOptions{FPS: 30, HasVideo: true, HasAudio: true})
	l.file = &outputs.File{
		Hub: hub, FFmpeg: "ffmpeg", Syncer: &workfile.Syncer{}, Work: filepath.Join(l.home, "work.mp4"), Target: filepath.Join(l.home, "recording.mp4"),
	}
	if err := l.file.Start(ctx); err != nil {
		return err
	}
	for n := range int64(pieces) {
		from := programme.Point{Frame: n * pieceFrames, Sample: n * piecePackets * 1024}
		if err := hub.Run(bytes.NewReader(piece), from); err != nil {
			return err
		}
		if err := until(ctx, "the disk to take it", time.Minute, func() bool { return l.file.Written() > (n+1)*int64(len(piece))-32<<20 }); err != nil {
			return err
		}
	}
	// Until now there was an hour of time to write.
	err = until(ctx, "the disk to have it all", time.Minute, func() bool { return l.file.Written() > int64(pieces)*int64(len(piece))-1<<20 })
	hub.Close(nil)
	return err
}

// deliver is what happens from Stop on, and then a plain upload.
func (l *long) deliver(ctx context.Context, o *accept.Outcome) error {
	sealer, err := uploads.NewSealer(rig.APISecret, filepath.Dir(l.home))
	if err != nil {
		return err
	}
	queue := uploads.NewQueue(uploads.Options{Sealer: sealer})
	paying, stop := context.WithCancel(ctx)
	paid := make(chan struct{})
	go func() { defer close(paid); queue.Run(paying) }()
	defer func() { stop(); <-paid }()

	asked := time.Now()
	made, err := l.file.Finish(ctx)
	if err != nil {
		return err
	}
	finalised := time.Since(asked)
	keep := filepath.Join(l.dir, "plain.mp4")
	if err := os.Link(made.Path, keep); err != nil {
		return err
	}
	ticket, err := queue.Add(l.home, uploads.Debt{
		ID: "file", Egress: "EG_long", Name: "long.mp4", Key: "long.mp4", ContentType: "video/mp4", Target: target(l.store),
	}, made.Path)
	if err != nil {
		return err
	}
	if _, err := ticket.Wait(ctx, nil); err != nil {
		return err
	}
	confirmed := time.Since(asked)
	if err := l.read(ctx, "long.mp4", made.Size); err != nil {
		return err
	}
	there := time.Since(asked)

	store, err := uploads.Open(ctx, target(l.store), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer store.Close()
	begun := time.Now()
	if err := store.Put(ctx, uploads.Object{Key: "plain.mp4", File: keep, ContentType: "video/mp4"}); err != nil {
		return err
	}
	plain := time.Since(begun)
	o.Add("file", "%v, %.0f MB", made.Duration.Round(time.Second), float64(made.Size)/1e6)
	o.Want(made.Note == "", "%s", made.Note)
	o.Add("Stop to the finished file", "%.1f s", finalised.Seconds())
	o.Add("Stop to the confirmed object", "%.1f s", confirmed.Seconds())
	o.Add("Stop to the object's first bytes read", "%.1f s", there.Seconds())
	o.Add("plain upload of the same file", "%.1f s", plain.Seconds())
	length, err := l.length(ctx, keep)
	o.Want(err == nil && (length-made.Duration).Abs() < time.Second, "the file has %v, told is %v: %v", length, made.Duration, err)
	return nil
}

// read fetches the first bytes of an object, which has its size.
func (l *long) read(ctx context.Context, key string, size int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.store.URL()+"/"+bucket+"/"+key, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	begin := make([]byte, 1000)
	if _, err := io.ReadFull(res.Body, begin); err != nil || res.ContentLength != size {
		return fmt.Errorf("%s: %d bytes of %d, %w", res.Status, res.ContentLength, size, err)
	}
	return nil
}

func (l *long) length(ctx context.Context, path string) (time.Duration, error) {
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path).Output()
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(string(bytes.TrimSpace(out)) + "s")
}
