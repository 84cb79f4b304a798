package publish_test

import (
	"bytes"
	"context"
	"math"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

// heard collects what a subscriber got of one track.
type heard struct {
	mu      sync.Mutex
	packets []*rtp.Packet
	arrived []time.Time
	report  *rtcp.SenderReport
}

func (h *heard) read(track *webrtc.TrackRemote) {
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		h.mu.Lock()
		h.packets, h.arrived = append(h.packets, p), append(h.arrived, time.Now())
		h.mu.Unlock()
	}
}

func (h *heard) onRTCP(p rtcp.Packet) {
	if sr, ok := p.(*rtcp.SenderReport); ok {
		h.mu.Lock()
		h.report = sr
		h.mu.Unlock()
	}
}

func (h *heard) ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.report != nil && len(h.packets) > 300
}

// settled is a copy in order, without what came before a hole in the first
// second (the server may begin in mid-frame, before the transport is ready)
// and without the last packets, whose holes may yet be filled.
func (h *heard) settled() *heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	packets := slices.Clone(h.packets)
	slices.SortStableFunc(packets, func(a, b *rtp.Packet) int {
		return int(int16(a.SequenceNumber - b.SequenceNumber))
	})
	from := 0
	for i := 1; i < 60; i++ {
		if packets[i].SequenceNumber != packets[i-1].SequenceNumber+1 {
			from = i
		}
	}
	return &heard{packets: packets[from : len(packets)-20], arrived: slices.Clone(h.arrived), report: h.report}
}

// ntp is the sender's wall clock, in seconds, of an RTP timestamp.
func (h *heard) ntp(ts uint32, rate float64) float64 {
	return float64(h.report.NTPTime)/(1<<32) + float64(int32(ts-h.report.RTPTime))/rate
}

// TestSubscriberSeesCountersAndSync joins a real room and checks that every
// frame and packet arrives in order, evenly, and that sender reports tie
// picture and sound together.
func TestSubscriberSeesCountersAndSync(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	r, err := rig.Start(ctx, rig.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := r.Publish(ctx, publish.Options{Room: "sync", Participants: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()

	picture, sound := &heard{}, &heard{}
	room, err := lksdk.ConnectToRoom(r.LiveKit.WS(), lksdk.ConnectInfo{
		APIKey: rig.APIKey, APISecret: rig.APISecret, RoomName: "sync", ParticipantIdentity: "ear",
	}, &lksdk.RoomCallback{ParticipantCallback: lksdk.ParticipantCallback{
		OnTrackSubscribed: func(track *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, who *lksdk.RemoteParticipant) {
			h := picture
			if track.Kind() == webrtc.RTPCodecTypeAudio {
				h = sound
			}
			if who.Identity() == "p1" {
				pub.OnRTCP(h.onRTCP)
				go h.read(track)
			}
		},
	}}, lksdk.WithLogger(logger.GetDiscardLogger()))
	if err != nil {
		t.Fatal(err)
	}
	defer room.Disconnect()
	for tick := time.NewTicker(20 * time.Millisecond); !picture.ready() || !sound.ready(); <-tick.C {
		if ctx.Err() != nil {
			t.Fatal("no sender reports or too few packets")
		}
	}
	room.Disconnect()
	video, audio := picture.settled(), sound.settled()

	what := publish.Card{ID: 1, Phase: card.PhaseOf(1, 2), Size: publish.Size{Width: 640, Height: 360}}
	dir, err := rig.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	material, err := publish.Cache{Dir: dir + "/material"}.Load(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	videoZero := video.videoZero(t, what)
	audioZero := audio.audioZero(t, material)
	offset := (audioZero - videoZero) * 1000
	offset -= 1000 * math.Round(offset/1000) // audioZero is known but for whole seconds
	t.Logf("sound against picture by sender reports: %+.1f ms", offset)
	if math.Abs(offset) > 15 {
		t.Errorf("sound is %+.1f ms off by sender reports, want ± 15", offset)
	}
}

// videoZero checks the frames and gives the wall clock of a frame 0.
func (h *heard) videoZero(t *testing.T, what publish.Card) float64 {
	t.Helper()
	var frames [][]byte
	var stamps []uint32
	var frame []byte
	whole := false // the server may begin in the middle of a frame
	for i, p := range h.packets {
		if i > 0 && p.SequenceNumber != h.packets[i-1].SequenceNumber+1 {
			t.Fatalf("video packet %d has sequence number %d after %d", i, p.SequenceNumber, h.packets[i-1].SequenceNumber)
		}
		var v codecs.VP8Packet
		data, err := v.Unmarshal(p.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if !whole && v.S == 1 && v.PID == 0 {
			whole, frame = true, nil
		}
		if frame = append(frame, data...); p.Marker && whole {
			frames, stamps, frame = append(frames, frame), append(stamps, p.Timestamp), nil
		}
	}
	// Bit 0 of a keyframe is 0.
	first := slices.IndexFunc(frames, func(f []byte) bool { return f[0]&1 == 0 })
	if first < 0 || first > publish.KeyInterval {
		t.Fatalf("first keyframe is frame %d", first)
	}
	frames, stamps = frames[first:], stamps[first:]
	read := decode(t, what.Size, frames)
	for i := range read {
		if read[i].ID != what.ID || i > 0 && (read[i].Frame != (read[i-1].Frame+1)%card.Loop || stamps[i] != stamps[i-1]+3000) {
			t.Fatalf("frame %d of %d: %+v at %d after %+v at %d", i, len(read), read[i], stamps[i], read[i-1], stamps[i-1])
		}
	}
	t.Logf("%d frames, counters %d … %d without a gap", len(read), read[0].Frame, read[len(read)-1].Frame)
	return h.ntp(stamps[0], 90000) - float64(read[0].Frame)/card.FPS
}

func decode(t *testing.T, size publish.Size, frames [][]byte) []card.Reading {
	t.Helper()
	var ivf bytes.Buffer
	if err := publish.WriteIVF(&ivf, size, len(frames), func(n int) []byte { return frames[n] }); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "ivf", "-i", "pipe:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1")
	cmd.Stdin = &ivf
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out []card.Reading
	for pix := range slices.Chunk(raw, size.Width*size.Height*3/2) {
		pic, err := card.NewPicture(size.Width, size.Height, pix)
		if err != nil {
			t.Fatal(err)
		}
		reading, ok := card.Read(pic, pic.All())
		if !ok {
			t.Fatalf("frame %d cannot be read", len(out))
		}
		out = append(out, reading)
	}
	if len(out) != len(frames) {
		t.Fatalf("%d of %d frames decoded", len(out), len(frames))
	}
	return out
}

// audioZero checks the packets and gives the wall clock of a sample 0, give or
// take whole seconds.
func (h *heard) audioZero(t *testing.T, m *publish.Material) float64 {
	t.Helper()
	// The sound repeats every second, so a packet tells only its place in it.
	index, twice := map[string]int{}, map[string]bool{}
	for k, p := range m.Packets {
		if at, ok := index[string(p)]; ok && at != k%50 {
			twice[string(p)] = true
		}
		index[string(p)] = k % 50
	}
	zero, found := 0.0, 0
	for i, p := range h.packets {
		if i > 0 && (p.SequenceNumber != h.packets[i-1].SequenceNumber+1 || p.Timestamp != h.packets[i-1].Timestamp+960) {
			t.Fatalf("audio packet %d: %v after %v", i, &p.Header, &h.packets[i-1].Header)
		}
		if at, ok := index[string(p.Payload)]; ok && !twice[string(p.Payload)] {
			zero, found = h.ntp(p.Timestamp, 48000)-float64(at)*0.02, found+1
		}
	}
	var late []float64
	for i, at := range h.arrived {
		late = append(late, (at.Sub(h.arrived[0])-time.Duration(i)*20*time.Millisecond).Seconds()*1000)
	}
	slices.Sort(late)
	t.Logf("%d audio packets, arrival p5 %+.1f p50 %+.1f p95 %+.1f ms against an even 20 ms", len(late),
		late[len(late)/20], late[len(late)/2], late[len(late)*19/20])
	if found == 0 {
		t.Fatal("no packet is known from the material")
	}
	return zero
}

func TestParseSize(t *testing.T) {
	if s, err := publish.ParseSize("640x360"); err != nil || s.String() != "640x360" {
		t.Errorf("640x360 reads %v, %v", s, err)
	}
	for _, bad := range []string{"", "640", "641x360", "640x-2", "0x0", "640x99999", "axb"} {
		if s, err := publish.ParseSize(bad); err == nil {
			t.Errorf("%q reads %v, want an error", bad, s)
		}
	}
}

var three = []publish.Size{{Width: 320, Height: 180}, {Width: 640, Height: 360}, {Width: 1280, Height: 720}}

func TestEachLayerHasACard(t *testing.T) {
	o := publish.Options{Participants: 2, FirstCard: 1, Layers: three}
	for id, want := range [][]int{{1, 2, 3}, {4, 5, 6}} {
		for i, c := range o.Cards(id) {
			if c.ID != want[i] || c.Size != three[i] || c.Phase != card.PhaseOf(id, 2) {
				t.Errorf("participant %d, layer %d: %+v", id, i, c)
			}
		}
	}
}

func TestBadOptions(t *testing.T) {
	good := publish.Options{URL: "ws://127.0.0.1:1", APIKey: "k", APISecret: "s", Room: "r", Participants: 1}
	for name, change := range map[string]func(*publish.Options){
		"no room":        func(o *publish.Options) { o.Room = "" },
		"nobody":         func(o *publish.Options) { o.Participants = 0 },
		"too many":       func(o *publish.Options) { o.Participants = card.IDs + 1 },
		"cards run out":  func(o *publish.Options) { o.Participants, o.Layers = 6, three },
		"no such card":   func(o *publish.Options) { o.FirstCard = card.IDs },
		"one layer":      func(o *publish.Options) { o.Layers = three[:1] },
		"nothing to say": func(o *publish.Options) { o.VideoOnly, o.AudioOnly = true, true },
	} {
		o := good
		change(&o)
		if p, err := publish.Start(t.Context(), o); err == nil {
			p.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
