package ffpipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
)

// Capabilities is what an installed ffmpeg was built with.
type Capabilities struct {
	Path    string // the executable that was asked
	Version string // "5.1.9-0+deb12u1"
	has     map[string]bool
}

// Requirement is one thing an ffmpeg must have, by ffmpeg's own name.
type Requirement struct{ Kind, Name string }

// String is "encoder libx264".
func (r Requirement) String() string { return r.Kind + " " + r.Name }

// requirements are everything that some job needs.
var requirements = []Requirement{
	{"encoder", "libx264"}, {"encoder", "aac"}, {"encoder", "libopus"}, {"encoder", "libmp3lame"},
	{"encoder", "rawvideo"}, {"encoder", "pcm_s16le"},
	{"decoder", "h264"}, {"decoder", "vp8"}, {"decoder", "vp9"}, {"decoder", "libdav1d"},
	{"muxer", "mp4"}, {"muxer", "segment"}, {"muxer", "matroska"}, {"muxer", "webm"}, {"muxer", "mpegts"},
	{"muxer", "flv"}, {"muxer", "ogg"}, {"muxer", "mp3"}, {"muxer", "nut"}, {"muxer", "rawvideo"},
	{"demuxer", "mp4"}, {"demuxer", "matroska"}, {"demuxer", "rawvideo"}, {"demuxer", "s16le"},
	{"filter", "scale"}, {"filter", "pad"}, {"filter", "setsar"}, {"filter", "format"}, {"filter", "aresample"},
	{"protocol", "pipe"}, {"protocol", "file"}, {"protocol", "rtmp"}, {"protocol", "srt"},
}

// lists are the commands that name what is there, one kind each.
var lists = []struct{ kind, flag string }{
	{"encoder", "-encoders"},
	{"decoder", "-decoders"},
	{"muxer", "-muxers"},
	{"demuxer", "-demuxers"},
	{"filter", "-filters"},
	{"protocol", "-protocols"},
}

// ErrNotFound is wrapped by Probe's error when there is no ffmpeg.
var ErrNotFound = errors.New("ffmpeg not found")

// Probe asks the ffmpeg at ffmpegPath ("" = "ffmpeg" in PATH) what it can do.
func Probe(ctx context.Context, ffmpegPath string) (Capabilities, error) {
	c := Capabilities{Path: orElse(ffmpegPath, "ffmpeg"), has: map[string]bool{}}
	version, err := ask(ctx, c.Path, "-version")
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return Capabilities{}, fmt.Errorf("%w: %s (install ffmpeg, or name its path)", ErrNotFound, c.Path)
	}
	if err != nil {
		return Capabilities{}, fmt.Errorf("ask ffmpeg for its version: %w", err)
	}
	rest, ok := strings.CutPrefix(version, "ffmpeg version ")
	if !ok {
		return Capabilities{}, fmt.Errorf("ask ffmpeg for its version: %s is no ffmpeg", c.Path)
	}
	c.Version, _, _ = strings.Cut(rest, " ")
	for _, list := range lists {
		text, err := ask(ctx, c.Path, list.flag)
		if err != nil {
			return Capabilities{}, fmt.Errorf("ask ffmpeg for its %ss: %w", list.kind, err)
		}
		for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }) {
			c.has[list.kind+" "+name] = true
		}
	}
	return c, nil
}

// Has reports whether ffmpeg has a thing: Has("encoder", "libx264").
func (c Capabilities) Has(kind, name string) bool { return c.has[kind+" "+name] }

// Missing names what ffmpeg lacks of all that some job needs, as "encoder
// libx264"; empty means that everything will work.
func (c Capabilities) Missing() []string {
	var missing []string
	for _, r := range requirements {
		if !c.Has(r.Kind, r.Name) {
			missing = append(missing, r.String())
		}
	}
	slices.Sort(missing)
	return missing
}

// ask runs ffmpeg with one flag and returns what it prints.
func ask(ctx context.Context, path, flag string) (string, error) {
	r, w, err := Pipe(0)
	if err != nil {
		return "", err
	}
	defer r.Close()
	p, err := Start(Command{Name: "ffmpeg " + flag, Path: path, Args: []string{"-hide_banner", flag}, Stdout: w})
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	out, err := io.ReadAll(r)
	<-p.Done()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return string(out), errors.Join(err, p.Err())
}
