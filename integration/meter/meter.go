package meter

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ffegress/ffegress/integration/card"
)

// Options say what to expect.
type Options struct {
	// IDs are the participants that must be in the file; nil: whoever is seen
	// or heard.
	IDs []int
	// Head and Tail are left out of the judgement, in seconds; both 0 means
	// 1 s and 0.5 s.
	Head, Tail float64
	// From and Length are the part of the file that is looked at, in seconds of its timeline; Length 0: all of it.
	From, Length float64
	// NoSound and NoPicture: that track is not wanted; finding it is told in
	// the report all the same.
	NoSound, NoPicture bool
}

// Measure reads a whole file. An error means that it could not be read at
// all; everything else is in the report.
func Measure(ctx context.Context, path string, o Options) (*Report, error) {
	if o.Head == 0 && o.Tail == 0 {
		o.Head, o.Tail = 1, 0.5
	}
	s, err := probe(ctx, path)
	if err != nil {
		return nil, err
	}
	r := &Report{Path: path, Stream: s, Matrix: matrixOf(s).String()}
	seen, heard := map[int]*seen{}, map[int][]beep{}
	var pics []stamp
	if s.VideoCodec != "" {
		t := newTracker(matrixOf(s))
		d, err := video(ctx, path, s, o, t.see)
		if err != nil {
			return nil, err
		}
		if len(d.stamps) != t.frame {
			return nil, fmt.Errorf("%s: %d frames decoded, %d timestamps", path, t.frame, len(d.stamps))
		}
		seen, pics, r.Still = t.seen, d.stamps, t.still
		r.DecodeErrors = append(r.DecodeErrors, d.errors...)
		r.picture(pics)
	}
	var snd *sound
	if s.AudioCodec != "" {
		var errs []string
		snd, errs, err = audio(ctx, path, o)
		if err != nil {
			return nil, err
		}
		r.DecodeErrors = append(r.DecodeErrors, errs...)
		r.AudioStart, r.AudioDuration = snd.start, float64(len(snd.pcm))/card.SampleRate
	}
	w := r.window(o, pics, snd)
	ids := o.IDs
	if snd != nil {
		r.Pilot = pilot(snd, w)
	}
	for id := range card.IDs {
		if snd == nil || ids != nil && !slices.Contains(ids, id) {
			continue
		}
		if b := beeps(snd.pcm, id); len(b) > 0 {
			heard[id] = b
		}
	}
	if ids == nil {
		for id := range heard {
			ids = append(ids, id)
		}
		ids = append(ids, slices.Collect(maps.Keys(seen))...)
		slices.Sort(ids)
		ids = slices.Compact(ids)
	}
	for _, id := range ids {
		r.Participants = append(r.Participants, participant(id, seen[id], pics, heard[id], snd, w, o, matrixOf(s)))
	}
	return r, nil
}

func matrixOf(s Stream) card.Matrix {
	switch s.ColorSpace {
	case "bt709":
		return card.BT709
	case "", "unknown":
		return card.MatrixFor(s.Height)
	}
	return card.BT601
}

// window is the judged part: head and tail off the longer of both tracks.
func (r *Report) window(o Options, pics []stamp, snd *sound) window {
	start, end := math.Inf(1), math.Inf(-1)
	if len(pics) > 0 {
		start, end = r.VideoStart, r.VideoStart+r.VideoDuration
	}
	if snd != nil {
		start, end = min(start, r.AudioStart), max(end, r.AudioStart+r.AudioDuration)
	}
	w := window{start + o.Head, end - o.Tail}
	r.From, r.To = w.from, w.to
	return w
}

func (r *Report) picture(pics []stamp) {
	r.Frames = len(pics)
	if len(pics) == 0 {
		return
	}
	r.VideoStart = pics[0].pts
	span := pics[len(pics)-1].pts - pics[0].pts
	step := 1.0 / card.FPS
	if len(pics) > 1 {
		step = span / float64(len(pics)-1)
		for i := range pics[1:] {
			if math.Abs(pics[i+1].pts-pics[i].pts-step) > 0.002 {
				r.UnevenSteps++
			}
		}
	}
	r.VideoDuration, r.FPS = span+step, 1/step
	last := -1.0
	for _, p := range pics {
		if !p.key {
			continue
		}
		r.KeyFrames = append(r.KeyFrames, p.pts)
		if last >= 0 {
			r.LongestGOP = max(r.LongestGOP, p.pts-last)
		}
		last = p.pts
	}
}

func participant(id int, s *seen, pics []stamp, heard []beep, snd *sound, w window, o Options, m card.Matrix) Participant {
	p := Participant{ID: id, Seen: s != nil, Heard: len(heard) > 0}
	var flashes, onsets []float64
	if s != nil {
		for _, f := range s.flashes() {
			flashes = append(flashes, pics[f].pts)
		}
		p.Cadence = s.cadence(pics, w)
		p.Bars = s.barError(m)
		for i, at := range s.rects {
			p.Places = append(p.Places, Place{pics[s.since[i]].pts, at})
		}
		p.Away = s.away(pics)
		p.First, p.Last = pics[s.sightings[0].frame].pts, pics[s.sightings[len(s.sightings)-1].frame].pts
	}
	for _, b := range heard {
		at := snd.at(b.onset)
		onsets = append(onsets, at)
		if math.Abs(b.length-beepLength) > 15 && at >= w.from && at < w.to {
			p.DamagedBeeps = append(p.DamagedBeeps, at)
		}
	}
	if len(pics) > 0 && !o.NoPicture {
		p.Flashes = once(flashes, onsets, w)
	}
	if snd != nil && !o.NoSound {
		p.Beeps = once(onsets, flashes, w)
		for _, at := range onsets {
			if at >= w.from && at < w.to && !slices.Contains(p.DamagedBeeps, at) {
				p.OffBeat = max(p.OffBeat, 1000*math.Abs(math.Remainder(at-p.Beeps.Beat, 1)))
			}
		}
	}
	p.Offsets = pair(flashes, onsets, w)
	return p
}

// beepLength is a beep's length at half amplitude in ms.
const beepLength = 1000.0 * (card.BeepSamples - card.BeepEdge) / card.SampleRate
