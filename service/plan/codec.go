package plan

import (
	"slices"

	"github.com/livekit/protocol/livekit"
)

// container is a format that an output has, and what may be in it; the first audio codec is its default.
type container struct {
	name  string
	audio []livekit.AudioCodec
	video bool // H.264, the only video codec that is encoded
}

var (
	containerMP4  = container{"video/mp4", []livekit.AudioCodec{livekit.AudioCodec_AAC, livekit.AudioCodec_OPUS}, true}
	containerOGG  = container{"audio/ogg", []livekit.AudioCodec{livekit.AudioCodec_OPUS}, false}
	containerMP3  = container{"audio/mpeg", []livekit.AudioCodec{livekit.AudioCodec_AC_MP3}, false}
	containerHLS  = container{"application/x-mpegurl", []livekit.AudioCodec{livekit.AudioCodec_AAC}, true}
	containerRTMP = container{"rtmp", []livekit.AudioCodec{livekit.AudioCodec_AAC}, true}
	containerSRT  = container{"srt", []livekit.AudioCodec{livekit.AudioCodec_AAC}, true}
)

var codecNames = map[livekit.AudioCodec]string{
	livekit.AudioCodec_AAC:    "audio/aac",
	livekit.AudioCodec_OPUS:   "audio/opus",
	livekit.AudioCodec_AC_MP3: "audio/mpeg",
}

const codecH264 = "video/h264"

// checkCodecs finds codecs that all outputs take, and settles the audio codec.
func (w *wish) checkCodecs(e *encoding) error {
	all, err := w.containers(e)
	if err != nil {
		return err
	}
	if len(all) == 0 { // images, websocket
		return nil
	}
	asked := e.audioCodec != livekit.AudioCodec_DEFAULT_AC
	if w.want.stream != nil {
		// Today a stream overrides the request's codec without a word.
		e.audioCodec, asked = livekit.AudioCodec_AAC, true
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
	return nil
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
func (w *wish) containers(e *encoding) ([]container, error) {
	var all []container
	if w.want.file != nil {
		c, err := w.fileContainer(e)
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
		}
	}
	return all, nil
}

// fileContainer resolves the file type. The name's extension has no say in it, as today.
func (w *wish) fileContainer(e *encoding) (container, error) {
	switch w.want.file.kind {
	case livekit.EncodedFileType_MP4:
		return containerMP4, nil
	case livekit.EncodedFileType_OGG:
		return containerOGG, nil
	case livekit.EncodedFileType_MP3:
		return containerMP3, nil
	case livekit.EncodedFileType_DEFAULT_FILETYPE, fileTypeMCAP:
		switch {
		case w.video, e.audioCodec == livekit.AudioCodec_AAC, w.want.stream != nil, w.want.segments != nil:
			return containerMP4, nil
		case e.audioCodec == livekit.AudioCodec_AC_MP3:
			return containerMP3, nil
		}
		return containerOGG, nil
	}
	return container{}, errField("file_type")
}

// fileTypeMCAP is a newer protocol's MCAP, which today's server treats as the default.
const fileTypeMCAP livekit.EncodedFileType = 4
