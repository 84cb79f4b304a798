package outputs

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"
)

// liveWindow is how many segments a live playlist names, as LiveKit Egress has it.
const liveWindow = 5

// listed is a segment as a playlist names it.
type listed struct {
	name     string        // relative to the playlist
	at       time.Time     // of its first picture or sample
	duration time.Duration // until the next segment begins
	jump     bool          // its time stamps do not follow those before
}

// playlist is an HLS media playlist (RFC 8216): an EVENT that names all segments,
// or a live one that names the last few.
type playlist struct {
	live   bool
	target int    // seconds; no segment is longer
	init   string // of fMP4, relative to the playlist; "" = MPEG-TS

	body    bytes.Buffer // of an EVENT
	window  []listed     // of a live one
	dropped int64        // segments that the live one names no more
	jumps   int64        // among them
}

// add names one more segment.
func (p *playlist) add(s listed) {
	p.target = max(p.target, int(math.Ceil(s.duration.Seconds())))
	if !p.live {
		s.write(&p.body)
		return
	}
	if p.window = append(p.window, s); len(p.window) > liveWindow {
		if p.window[0].jump {
			p.jumps++
		}
		p.dropped++
		p.window = append(p.window[:0], p.window[1:]...)
	}
}

// text is the playlist as it stands; ended says that nothing will be added.
func (p *playlist) text(ended bool) []byte {
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n")
	switch {
	case p.init != "":
		b.WriteString("#EXT-X-VERSION:7\n")
	default:
		b.WriteString("#EXT-X-VERSION:4\n")
	}
	if !p.live {
		b.WriteString("#EXT-X-PLAYLIST-TYPE:EVENT\n")
	}
	if p.init == "" { // version 7 has it no more
		b.WriteString("#EXT-X-ALLOW-CACHE:NO\n")
	}
	fmt.Fprintf(&b, "#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", p.target, p.dropped)
	if p.jumps > 0 {
		fmt.Fprintf(&b, "#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", p.jumps)
	}
	if p.init != "" {
		fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"%s\"\n", reference(p.init))
	}
	b.Write(p.body.Bytes())
	for _, s := range p.window {
		s.write(&b)
	}
	if ended {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return b.Bytes()
}

func (s listed) write(b *bytes.Buffer) {
	if s.jump {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	fmt.Fprintf(b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%.3f,\n%s\n",
		s.at.UTC().Format("2006-01-02T15:04:05.000Z"), s.duration.Seconds(), reference(s.name))
}

// reference makes a URI reference of a name. Only what would be read as another
// part of a URI is escaped: players of local files take the rest as it stands.
func reference(name string) string {
	name = strings.NewReplacer("%", "%25", "#", "%23", "?", "%3F", `"`, "%22").Replace(name)
	if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ":") {
		return "./" + name
	}
	return name
}
