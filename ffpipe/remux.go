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

// fileURL keeps a path with a colon, or one that starts with a dash, from being
// read as a protocol or an option.
func fileURL(path string) string { return "file:" + path }
