package plan

import (
	"slices"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
)

// container is a format that an output has, and what may be in it; the first audio codec is its default.
type container struct {
	name  string
	audio []livekit.AudioCodec
	video bool // H.264, the only video codec that is encoded

	// Of files.
	ext   string
	muxer ffpipe.Container
}

const (
	aac  = livekit.AudioCodec_AAC
	opus = livekit.AudioCodec_OPUS
	mp3  = livekit.AudioCodec_AC_MP3
	pcm  = livekit.AudioCodec(-1) // of WebSockets; no request can ask for it
)

var (
	containerMP4  = container{"video/mp4", []livekit.AudioCodec{aac, opus}, true, ".mp4", ffpipe.MP4}
	containerOGG  = container{"audio/ogg", []livekit.AudioCodec{opus}, false, ".ogg", ffpipe.Ogg}
	containerMP3  = container{"audio/mpeg", []livekit.AudioCodec{mp3}, false, ".mp3", ffpipe.MP3}
	containerHLS  = container{name: "application/x-mpegurl", audio: []livekit.AudioCodec{aac}, video: true}
	containerRTMP = container{name: "rtmp", audio: []livekit.AudioCodec{aac}, video: true}
	containerSRT  = container{name: "srt", audio: []livekit.AudioCodec{aac}, video: true}
	containerPCM  = container{name: "websocket", audio: []livekit.AudioCodec{pcm}}

	// A file of no type said holds everything, until the codec is known and chooses its type.
	containerAny      = container{audio: []livekit.AudioCodec{aac, opus, mp3}, video: true}
	containerAnyAudio = container{audio: []livekit.AudioCodec{opus, aac, mp3}}
)

var codecNames = map[livekit.AudioCodec]string{
	aac:  "audio/aac",
	opus: "audio/opus",
	mp3:  "audio/mpeg",
	pcm:  "audio/x-raw",
}

const codecH264 = "video/h264"

// checkCodecs finds codecs that all outputs take, and settles the audio codec.
func (w *wish) checkCodecs(e *encoding) error {
	all, err := w.containers()
	if err != nil {
		return err
	}
	if len(all) == 0 { // images
		return nil
	}
	asked := e.audioCodec != livekit.AudioCodec_DEFAULT_AC
	switch w.want.streamProtocol { // today a stream overrides the request's codec without a word
	case livekit.StreamProtocol_RTMP, livekit.StreamProtocol_SRT:
		e.audioCodec, asked = aac, true
	case livekit.StreamProtocol_WEBSOCKET:
		e.audioCodec, asked = pcm, true
	}
	if w.audio {
		if err := e.fitAudio(all, asked); err != nil {
			return err
		}
	}
	if w.video {
		for _, c := range all {
			if c.video {
				continue
			}
			if asked {
				return errIncompatible(c.name, codecH264)
			}
			return errNoCodec()
		}
	}
	if w.audio {
		if err := e.checkAudio(); err != nil {
			return err
		}
	}
	return w.chooseFileType(e)
}

func (e *encoding) fitAudio(all []container, asked bool) error {
	if asked {
		for _, c := range all {
			if !slices.Contains(c.audio, e.audioCodec) {
				return errIncompatible(c.name, codecNames[e.audioCodec])
			}
		}
		return nil
	}
	for _, codec := range all[0].audio {
		if !slices.ContainsFunc(all, func(c container) bool { return !slices.Contains(c.audio, codec) }) {
			e.audioCodec = codec
			return nil
		}
	}
	return errNoCodec()
}

// containers lists the outputs' formats in today's order of precedence: file, segments, stream.
func (w *wish) containers() ([]container, error) {
	var all []container
	if w.want.file != nil {
		c, err := w.fileContainer()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if w.want.segments != nil {
		all = append(all, containerHLS)
	}
	if w.want.stream != nil {
		switch w.want.streamProtocol {
		case livekit.StreamProtocol_RTMP:
			all = append(all, containerRTMP)
		case livekit.StreamProtocol_SRT:
			all = append(all, containerSRT)
		case livekit.StreamProtocol_WEBSOCKET:
			all = append(all, containerPCM)
		}
	}
	return all, nil
}

// fileContainer is what the file type says. The name's extension has no say in it, as today.
func (w *wish) fileContainer() (container, error) {
	switch w.want.file.kind {
	case livekit.EncodedFileType_MP4:
		return containerMP4, nil
	case livekit.EncodedFileType_OGG:
		return containerOGG, nil
	case livekit.EncodedFileType_MP3:
		return containerMP3, nil
	case livekit.EncodedFileType_DEFAULT_FILETYPE, fileTypeMCAP:
		if w.video {
			return containerAny, nil
		}
		return containerAnyAudio, nil
	}
	return container{}, errField("file_type")
}

// chooseFileType settles the file's container, now that the codecs are.
func (w *wish) chooseFileType(e *encoding) error {
	f := w.want.file
	if f == nil {
		return nil
	}
	var err error
	if f.container, err = w.fileContainer(); err != nil || f.container.ext != "" {
		return err
	}
	switch {
	case w.video && w.audio && e.audioCodec == mp3:
		return errNoFileType()
	case w.video, e.audioCodec == aac:
		f.container = containerMP4
	case e.audioCodec == mp3:
		f.container = containerMP3
	default:
		f.container = containerOGG
	}
	return nil
}

// muxer is what the encoder writes: the file's container, or the one that everything else is made of.
func (w *wish) muxer() ffpipe.Container {
	if w.want.file == nil {
		return ffpipe.MP4
	}
	return w.want.file.container.muxer
}

// fileTypeMCAP is a newer protocol's MCAP, which today's server treats as the default.
const fileTypeMCAP livekit.EncodedFileType = 4
