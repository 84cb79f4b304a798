// Package ffpipe runs child processes and knows how to speak to ffmpeg.
//
// A child is described by a [Command] and run by [Start]; the [Proc] that
// comes back is the child's one owner. Its invariant: when [Proc.Done] is
// closed the child has been reaped, nothing of its process group is left and
// all it had to say on stderr has been read. A child never outlives this
// process (Pdeathsig), never inherits a descriptor that was not given to it,
// and is never restarted here: what fails ends, and its owner decides.
//
// On top of that the package holds what is specific to ffmpeg: argument lists
// ([EncoderOptions.Args], [RemuxArgs]), the encoder child with its raw input
// pipes ([StartEncoder]), the -progress reader ([ReadProgress]) and the check
// of what an installed ffmpeg can do ([Probe]).
//
// The callers are rtpfeed (decoders), browser (Xvfb, PulseAudio, Chromium, the
// grab child), outputs (encoder, remuxers) and the workfile package
// (finalising). Nothing here knows about rooms, requests or uploads.
package ffpipe
