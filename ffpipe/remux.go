package ffpipe

import "strconv"

// RemuxArgs returns argv[1:] of a run that copies every packet of in, a
// fragmented MP4, into out, an MP4 with its index in front. Both are paths.
//
// out is overwritten. The copy keeps its input's timestamps: without -copyts
// audio priming would move video's start to 21 ms. An error while reading or
// writing ends the run with a code other than 0, which ffmpeg on its own does
// not promise for errors in the trailer.
func RemuxArgs(in, out string) []string {
	return []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", "-xerror",
		"-copyts", "-f", "mp4", "-i", fileURL(in),
		"-map", "0", "-c", "copy",
		"-movie_timescale", strconv.Itoa(movieTimescale),
		"-movflags", "+faststart",
		"-f", "mp4", "-y", fileURL(out),
	}
}

// MuxArgs returns argv[1:] of a run that makes out, a file of the container to,
// of in, a Matroska work file. MP4 and WebM get every packet as it is, with its
// timestamp to 11 µs or 1 ms; Ogg gets its sound encoded as Opus, bitrate kb/s.
// Otherwise it is as [RemuxArgs].
func MuxArgs(in, out string, to Container, bitrate int) []string {
	args := []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", "-xerror",
		"-copyts", "-f", string(Matroska), "-i", fileURL(in), "-map", "0",
	}
	switch to {
	case Ogg:
		args = append(args, "-c:a", "libopus", "-b:a", strconv.Itoa(bitrate)+"k", "-ar", "48000", "-ac", "2")
	case WebM:
		args = append(args, "-c", "copy")
	default:
		to = MP4
		args = append(args, "-c", "copy",
			// Without these an H.264 stream's own idea of its frame rate rounds the timestamps.
			"-copytb", "1", "-video_track_timescale", strconv.Itoa(movieTimescale),
			"-movie_timescale", strconv.Itoa(movieTimescale), "-movflags", "+faststart")
	}
	return append(args, "-f", string(to), "-y", fileURL(out))
}

// fileURL keeps a path with a colon, or one that starts with a dash, from being
// read as a protocol or an option.
func fileURL(path string) string { return "file:" + path }
