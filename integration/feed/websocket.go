package feed

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// ear is a WebSocket server that keeps what it hears.
type ear struct {
	*httptest.Server
	mu    sync.Mutex
	first time.Time // of the sound
	pcm   []byte
	texts []string
	kind  string // content type
	bye   bool   // a close frame came
}

func listen() *ear {
	e := &ear{}
	up := websocket.Upgrader{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, data, err := conn.ReadMessage()
			e.mu.Lock()
			e.kind = r.Header.Get("Content-Type")
			switch {
			case err != nil:
				e.bye = websocket.IsCloseError(err, websocket.CloseNoStatusReceived)
			case kind == websocket.TextMessage:
				e.texts = append(e.texts, string(data))
			default:
				if e.first.IsZero() {
					e.first = time.Now()
				}
				e.pcm = append(e.pcm, data...)
			}
			e.mu.Unlock()
			if err != nil {
				return
			}
		}
	}))
	return e
}

// wave makes a file of what was heard.
func (e *ear) wave(path string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	head := append([]byte("RIFF"), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(head[4:], uint32(36+len(e.pcm)))
	head = append(head, "WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"...)
	head = binary.LittleEndian.AppendUint32(head, 48000)
	head = binary.LittleEndian.AppendUint32(head, 48000*4)
	head = append(head, "\x04\x00\x10\x00data"...)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(e.pcm)))
	return os.WriteFile(path, append(head, e.pcm...), 0o644)
}

// socket records a track's sound over a WebSocket, muted in between.
func socket(audio string, length time.Duration) accept.Case {
	return accept.Case{
		ID: "websocket-" + audio, Line: 1, Title: fmt.Sprintf("Track egress of %s over a WebSocket, %v and a mute", audio, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Audio: audio})
			if err != nil {
				return err
			}
			e := listen()
			defer e.Close()
			r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return b.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: b.Room, TrackId: p.Tracks(0)[0], Output: &livekit.TrackEgressRequest_WebsocketUrl{
					WebsocketUrl: "ws" + strings.TrimPrefix(e.URL, "http") + "/in?secret=hush",
				}})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			path := filepath.Join(b.Dir, "heard.wav")
			if err := e.wave(path); err != nil {
				return err
			}
			report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0}, NoPicture: true})
			if err != nil {
				return err
			}
			o.Add("meter", "\n```\n%s```", report)
			o.Missed = append(o.Missed, report.Check(meter.Limits{AllowGaps: audio != publish.Opus})...)
			for _, muted := range []bool{true, false} {
				if err := p.Mute(0, 0, muted); err != nil {
					return err
				}
				if err := lab.Pause(ctx, 2*time.Second); err != nil {
					return err
				}
			}
			info, _, err := r.Stop(ctx)
			if err != nil {
				return err
			}
			end := time.Now()
			e.mu.Lock()
			defer e.mu.Unlock()
			heard, wall := float64(len(e.pcm))/4/48000, end.Sub(e.first).Seconds()
			o.Add("heard, wall clock, texts", "%.2f s, %.2f s, %q", heard, wall, e.texts)
			o.Want(math.Abs(heard-wall) < 1, "%.2f s of sound in %.2f s", heard, wall)
			o.Want(strings.Join(e.texts, " ") == `{"muted":true} {"muted":false}`, "texts %q", e.texts)
			o.Want(e.kind == "audio/x-raw" && e.bye, "content type %q, close frame %v", e.kind, e.bye)
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(info.StreamResults) == 1, "%v", info)
			if len(info.StreamResults) == 1 {
				s := info.StreamResults[0]
				o.Want(s.Status == livekit.StreamInfo_FINISHED && s.StartedAt > 0 && s.Duration > 0, "stream %v", s)
			}
			o.Want(!strings.Contains(info.String(), "hush"), "the url's secret is told")
			return nil
		},
	}
}
