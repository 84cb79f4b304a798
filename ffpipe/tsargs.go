package ffpipe

// tsOffset keeps the priming of sound, which is before the first picture, from
// being negative; seconds.
const tsOffset = "1"

// TSArgs returns argv[1:] of a run that copies every packet of in, a fragmented
// MP4, into MPEG-TS on stdout. Its time stamps are those of in and one second,
// so that the outputs of several runs on successive parts of one stream play as
// one.
func TSArgs(in string) []string {
	return []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", "-xerror",
		"-copyts", "-f", "mp4", "-i", fileURL(in),
		"-map", "0", "-c", "copy",
		// Parameter sets before all else: on its own the filter puts them behind SEI, where a buffering period of NAL-HRD
		// refers to what a decoder that begins here does not know yet.
		"-bsf:v", "h264_mp4toannexb,dump_extra=freq=keyframe",
		"-muxdelay", "0", "-muxpreload", "0", // no 1.4 s in front
		"-output_ts_offset", tsOffset, "-avoid_negative_ts", "disabled",
		"-f", "mpegts", "pipe:1",
	}
}
