// Package browser records web pages: a Chromium in an Xvfb with a PulseAudio
// of its own, a grab that reads the screen as I420 frames, and the sink's
// monitor read as PCM. [Launch] brings them up, [Browser.Open] loads a
// page by the rules that LiveKit's clients know, [Browser.Capture] places what
// is seen and heard on a programme.
//
// Its invariant: a recording never goes on with a picture or sound that is no
// longer alive. The death of the page, Chromium, Xvfb, PulseAudio or the
// connection to the display closes [Browser.Failed] within two seconds, and [Browser.Close] leaves
// no process, display, socket or file behind. Nothing is restarted here: what
// fails ends, and the session decides on another try.
//
// The package also serves the built-in room page ([TemplateServer]); its
// TypeScript is in template/, the built bundle is committed.
//
// The caller is service/session.
package browser
