// Package spine has the acceptance cases of what goes through a browser (issues A and A2): a real room, and a web page, recorded
// to MP4 by the built binary, driven by a real livekit-server, and judged by what is in the file.
//
// Each case comes in two lengths: Full and BrowserPath are what `make accept ISSUE=A` and `ISSUE=A2` run, Sample is the part
// of them that `make test` has time for. cmd/accept and the package's own test call it.
package spine
