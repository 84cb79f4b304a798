package outlets

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
)

// playlist is what stands in one.
type playlist struct {
	dir      string
	text     string
	init     string // of fMP4
	target   int    // seconds
	ended    bool
	segments []listed
}

type listed struct {
	name    string
	seconds float64
	at      time.Time
}

var (
	itemPattern   = regexp.MustCompile(`#EXT-X-PROGRAM-DATE-TIME:(\S+)\n#EXTINF:([\d.]+),\n(\S+)\n`)
	initPattern   = regexp.MustCompile(`#EXT-X-MAP:URI="([^"]+)"`)
	targetPattern = regexp.MustCompile(`#EXT-X-TARGETDURATION:(\d+)\n`)
)

func readPlaylist(path string) (*playlist, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &playlist{dir: filepath.Dir(path), text: string(raw), ended: strings.HasSuffix(string(raw), "#EXT-X-ENDLIST\n")}
	if m := initPattern.FindStringSubmatch(p.text); m != nil {
		p.init = m[1]
	}
	if m := targetPattern.FindStringSubmatch(p.text); m != nil {
		p.target, _ = strconv.Atoi(m[1])
	}
	for _, m := range itemPattern.FindAllStringSubmatch(p.text, -1) {
		seconds, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		at, err := time.Parse(time.RFC3339, m[1])
		if err != nil {
			return nil, err
		}
		p.segments = append(p.segments, listed{m[3], seconds, at})
	}
	return p, nil
}

func (p *playlist) total() (seconds float64) {
	for _, s := range p.segments {
		seconds += s.seconds
	}
	return seconds
}

// judge holds the EVENT playlist against itself and what EgressInfo says.
func (p *playlist) judge(o *accept.Outcome, told *livekit.SegmentsInfo) {
	o.Want(p.ended && strings.Contains(p.text, "#EXT-X-PLAYLIST-TYPE:EVENT\n"), "the playlist is\n%s", p.text)
	o.Want(p.target == segmentSeconds, "target duration %d", p.target)
	o.Want(int64(len(p.segments)) == told.SegmentCount && told.SegmentCount > 2, "%d segments are listed, %d told", len(p.segments), told.SegmentCount)
	o.Want(math.Abs(p.total()-time.Duration(told.Duration).Seconds()) < 0.0015*float64(len(p.segments)), "%.3f s are listed, %.3f s told", p.total(), time.Duration(told.Duration).Seconds())
	at, size := time.Unix(0, told.StartedAt), int64(0)
	for n, s := range p.segments {
		o.Want(s.seconds <= segmentSeconds, "segment %d has %.3f s", n, s.seconds)
		o.Want(s.at.Sub(at).Abs() < 2*time.Millisecond*time.Duration(n+1), "segment %d is dated %s, want %s", n, s.at, at)
		at = at.Add(time.Duration(s.seconds * float64(time.Second)))
		if info, err := os.Stat(filepath.Join(p.dir, s.name)); err == nil {
			size += info.Size()
		}
	}
	o.Want(size == told.Size, "the segments have %d bytes, told are %d", size, told.Size)
	live, err := readPlaylist(told.LivePlaylistLocation)
	if err != nil {
		o.Want(false, "live playlist: %v", err)
		return
	}
	last := p.segments[max(0, len(p.segments)-5):]
	o.Want(live.ended && len(live.segments) == len(last) && live.segments[0] == last[0], "the live playlist is\n%s", live.text)
}

// alone decodes each segment by itself. With a picture its first packet must be a keyframe, and only whole segments of
// the length asked for may come before the last.
func (p *playlist) alone(ctx context.Context, o *accept.Outcome, video bool) error {
	var head []byte
	if p.init != "" {
		var err error
		if head, err = os.ReadFile(filepath.Join(p.dir, p.init)); err != nil {
			return err
		}
	}
	for n, s := range p.segments {
		body, err := os.ReadFile(filepath.Join(p.dir, s.name))
		if err != nil {
			return err
		}
		file := filepath.Join(p.dir, "alone"+filepath.Ext(s.name))
		if err := os.WriteFile(file, append(head[:len(head):len(head)], body...), 0o644); err != nil {
			return err
		}
		if err := ffmpeg(ctx, "-i", file, "-f", "null", "-"); err != nil {
			o.Want(false, "segment %d alone: %v", n, err)
		}
		if !video {
			continue
		}
		flags, err := ffprobe(ctx, "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0", file)
		if err != nil {
			return err
		}
		packets := strings.Fields(flags)
		o.Want(len(packets) == int(math.Round(s.seconds*30)) && strings.HasPrefix(packets[0], "K"),
			"segment %d has %d frames in %.3f s, the first is %q", n, len(packets), s.seconds, fmt.Sprint(packets[:min(1, len(packets))]))
		o.Want(n == len(p.segments)-1 || s.seconds == segmentSeconds, "segment %d has %.3f s", n, s.seconds)
	}
	return nil
}
