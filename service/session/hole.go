package session

import (
	"fmt"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
)

// fed and encoded are the encoder's counts; zero when there is none.
func (p *pipeline) fed() programme.FeedStats {
	if p.encoding == nil {
		return programme.FeedStats{}
	}
	return p.encoding.Feed.Stats()
}

func (p *pipeline) encoded() outputs.EncodingStats {
	if p.encoding == nil {
		return outputs.EncodingStats{}
	}
	return p.encoding.Stats()
}

// counts are the pictures that the recording lacks, by their reasons.
func (p *pipeline) counts() []any {
	frames, fed, st := p.programme.Stats(), p.fed(), p.encoded()
	return []any{
		"frames", frames.Frames, "still", fed.Still, "repeats", frames.Repeats, "overload", fed.Overload, "hole", st.HoleFrames,
		"silentSamples", frames.SilentSamples, "restarts", st.Restarts,
	}
}

// note tells what is missing in the recording because it was paused or the encoder died, if anything is.
func (p *pipeline) note() string {
	paused, hole := pauseNote(p.programme.Pauses()), p.encoderNote()
	if paused == "" || hole == "" {
		return paused + hole
	}
	return paused + "; " + hole
}

func (p *pipeline) encoderNote() string {
	f, st := p.programme.Format(), p.encoded()
	if st.Restarts == 0 {
		return ""
	}
	if !f.Video {
		text := fmt.Sprintf("Encoder restarted %d times", st.Restarts)
		if st.HoleSamples > 0 {
			text += fmt.Sprintf(", sound missing for %.1f s", float64(st.HoleSamples)/programme.SampleRate)
		}
		return text
	}
	hole := time.Duration(st.HoleFrames) * time.Second / time.Duration(f.FPS)
	text := fmt.Sprintf("Encoder restarted %d times, picture held for %.1f s", st.Restarts, hole.Seconds())
	if st.FellBack != nil {
		text += ", by x264 since its device failed"
	}
	return text
}
