// Package spine has the acceptance cases of the spine (issue A): a real room, and a web page, recorded
// to MP4 by the built binary, driven by a real livekit-server, and judged by what is in the file.
//
// Each case comes in two lengths: Full is what `make accept ISSUE=A` runs, Sample is the part of it
// that `make test` has time for. cmd/accept and the package's own test call it.
package spine
