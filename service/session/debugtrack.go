package session

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
)

// debugTrack writes down what comes of a track, a line each: frames of a picture and packets of sound, the sender's
// reports, and what signalling tells.
type debugTrack struct {
	rtpfeed.Sink
	out   *bufio.Writer
	began time.Time
}

// track has what comes of a track be written down on its way to a sink.
func (d *debugFiles) track(t rtpfeed.Track, sink rtpfeed.Sink) rtpfeed.Sink {
	if d == nil || !d.plan.Tracks {
		return sink
	}
	return newDebugTrack(d.file("track-"+t.SID+".csv"), t, sink, time.Now())
}

func newDebugTrack(out io.Writer, t rtpfeed.Track, sink rtpfeed.Sink, now time.Time) *debugTrack {
	d := &debugTrack{Sink: sink, out: bufio.NewWriter(out), began: now}
	fmt.Fprintln(d.out, "us,event,rtp,bytes,keyframe,lost,ntp,codec")
	d.write(now, "track", "", "", "", "", "", t.Codec.String())
	return d
}

func (d *debugTrack) write(at time.Time, event string, rest ...string) {
	fmt.Fprintf(d.out, "%d,%s", at.Sub(d.began).Microseconds(), event)
	for _, field := range rest {
		fmt.Fprint(d.out, ",", field)
	}
	fmt.Fprintln(d.out)
}

// Unit implements rtpfeed.Sink.
func (d *debugTrack) Unit(u rtpfeed.Unit) {
	size := 0
	for _, part := range u.Parts {
		size += len(part)
	}
	d.write(u.Arrived, "unit", fmt.Sprint(u.Timestamp), fmt.Sprint(size), fmt.Sprint(u.Keyframe), fmt.Sprint(u.Lost), "", "")
	d.Sink.Unit(u)
}

// Report implements rtpfeed.Sink.
func (d *debugTrack) Report(r rtpfeed.Report) {
	d.write(r.Arrived, "report", fmt.Sprint(r.RTP), "", "", "", fmt.Sprint(r.NTP), "")
	d.Sink.Report(r)
}

// Muted implements rtpfeed.Sink.
func (d *debugTrack) Muted(muted bool, at time.Time) {
	event := "unmuted"
	if muted {
		event = "muted"
	}
	d.write(at, event, "", "", "", "", "", "")
	d.Sink.Muted(muted, at)
}

// Vacant tells a sink that wants to know it since when no packets can come.
func (d *debugTrack) Vacant(at time.Time) {
	d.write(at, "vacant", "", "", "", "", "", "")
	if v, ok := d.Sink.(interface{ Vacant(at time.Time) }); ok {
		v.Vacant(at)
	}
}

// Replaced implements rtpfeed.Sink.
func (d *debugTrack) Replaced(t rtpfeed.Track) {
	d.write(time.Now(), "replaced", "", "", "", "", "", t.Codec.String())
	d.Sink.Replaced(t)
}

// Close implements rtpfeed.Sink.
func (d *debugTrack) Close() {
	d.write(time.Now(), "closed", "", "", "", "", "", "")
	_ = d.out.Flush() // the file tells what it cannot write
	d.Sink.Close()
}
