package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/card"
)

// materialVersion changes whenever a card or an encoder option does, so that
// a stale cache is never used.
const materialVersion = 3

// matrix is that of all material: browsers take untagged VP8 for BT.601, and
// their BT.709 conversion is up to 9 steps off in blue.
const matrix = card.BT601

// Card says whose picture and sound to make.
type Card struct {
	ID    int  // participant, 0 … card.IDs-1
	Phase int  // frame within the second at which it flashes
	Size  Size // zero: there is no picture

	KeyPhase int // the first keyframe but frame 0, less than KeyInterval

	Video, Audio string // codecs; empty: VP8, Opus
}

func (c Card) videoName() string {
	name := fmt.Sprintf("card%d-id%d-phase%d-%s", materialVersion, c.ID, c.Phase, c.Size)
	if c.KeyPhase > 0 {
		name += fmt.Sprintf("-key%d", c.KeyPhase)
	}
	switch c.Video {
	case H264, H265:
		return name + "." + c.Video
	case VP9, AV1:
		return name + "-" + c.Video + ".ivf"
	}
	return name + ".ivf"
}

func (c Card) audioName() string {
	if c.g711() {
		return fmt.Sprintf("card%d-id%d-phase%d.%s", materialVersion, c.ID, c.Phase, c.Audio)
	}
	return fmt.Sprintf("card%d-id%d-phase%d.ogg", materialVersion, c.ID, c.Phase)
}

func (c Card) g711() bool { return c.Audio == PCMU || c.Audio == PCMA }

// Material is one loop of encoded frames and packets.
type Material struct {
	Frames  [][]byte // card.Loop of them or none, H264 and H265 with start codes; every KeyInterval-th is a keyframe
	Packets [][]byte // 20 ms each, card.LoopSamples/960 of them
}

// KeyInterval is the distance of keyframes in frames. It is short because
// pre-encoded material cannot answer a PLI. With Options.Answer it can: it goes
// on with other material of the same card, which has a keyframe at one of the
// next KeyChoice frames.
const (
	KeyInterval = 15
	KeyChoice   = 3
)

// Cache makes material with ffmpeg and keeps it in Dir.
type Cache struct {
	Dir    string // empty: ffegress below the user's cache folder
	FFmpeg string // empty: looked up
}

// Load gives the material of one card, encoding what the cache lacks. The
// first encoding of a 640x360 card takes some seconds.
func (c Cache) Load(ctx context.Context, what Card) (*Material, error) {
	dir, err := c.dir()
	if err != nil {
		return nil, err
	}
	video, audio := filepath.Join(dir, what.videoName()), filepath.Join(dir, what.audioName())
	err = c.ensure(ctx, audio, func(ctx context.Context, out string) error { return c.encodeAudio(ctx, what, out) })
	if what.Size != (Size{}) {
		err = errors.Join(err, c.ensure(ctx, video, func(ctx context.Context, out string) error { return c.encodeVideo(ctx, what, out) }))
	}
	if err != nil {
		return nil, fmt.Errorf("make material for participant %d: %w", what.ID, err)
	}
	m := &Material{}
	switch {
	case what.Size == Size{}:
	case what.Video == H264:
		m.Frames, err = readUnits(video, delimiterH264)
	case what.Video == H265:
		m.Frames, err = readUnits(video, delimiterH265)
	default:
		m.Frames, err = readIVF(video)
	}
	if err != nil {
		return nil, err
	}
	if what.g711() {
		m.Packets, err = readG711(audio)
	} else {
		m.Packets, err = readOgg(audio)
	}
	return m, err
}

func (c Cache) dir() (string, error) {
	dir := c.Dir
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a cache folder: %w", err)
		}
		dir = filepath.Join(base, "ffegress")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make cache folder: %w", err)
	}
	return dir, nil
}

func (c Cache) ffmpeg() string {
	if c.FFmpeg == "" {
		return "ffmpeg"
	}
	return c.FFmpeg
}

// ensure makes path unless it is there; two processes may do so at once.
func (c Cache) ensure(ctx context.Context, path string, encode func(context.Context, string) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	tmp := fmt.Sprintf("%s.%d.%d.tmp%s", path, os.Getpid(), time.Now().UnixNano(), filepath.Ext(path))
	defer os.Remove(tmp)
	if err := encode(ctx, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// opusPackets is the number of 20 ms packets in a loop.
const opusPackets = card.LoopSamples / opusSamples

// opusSamples is the length of a packet in samples.
const opusSamples = card.SampleRate / 50
