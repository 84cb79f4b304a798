package clock

import "time"

// The noise that a line expects: of a report, whose two clocks are not read at the same moment; of a sound card's
// speed; and how much that speed wanders in the square root of a second.
const (
	reportNoise = 3e-3
	speedSpread = 150e-6
	speedWander = 0.3e-6
	placeWander = 10e-6
)

// line estimates the sender's clock as a function of the track's media time: media time + offset + slope·Δt, by a
// Kalman filter of the two, so that one report is believed as it stands and many smooth each other.
type line struct {
	set    bool
	at     time.Duration // media time of the last report
	base   time.Duration // whole part of the offset
	offset float64       // s, beyond base
	slope  float64       // s per s
	// The covariance of offset and slope.
	poo, pos, pss float64
}

// reset begins anew at one report; the slope, once known, is kept: it is the same sound card.
func (l *line) reset(media, sender time.Duration) {
	slope, pss := l.slope, l.pss
	if !l.set {
		slope, pss = 0, speedSpread*speedSpread
	}
	*l = line{set: true, at: media, base: sender - media, slope: slope, poo: reportNoise * reportNoise, pss: pss}
}

// sender is the sender's clock at a media time.
func (l *line) sender(media time.Duration) time.Duration {
	return media + l.base + seconds(l.offset+l.slope*(media-l.at).Seconds())
}

// innovation is by how much a report differs from the line.
func (l *line) innovation(media, sender time.Duration) time.Duration {
	return sender - l.sender(media)
}

// update takes in a report.
func (l *line) update(media, sender time.Duration) {
	dt := (media - l.at).Seconds()
	if dt < 0 { // reports overtook each other: the newer one knows better
		return
	}
	// Predict.
	l.offset += l.slope * dt
	l.poo += 2*dt*l.pos + dt*dt*l.pss + placeWander*placeWander*dt
	l.pos += dt * l.pss
	l.pss = min(l.pss+speedWander*speedWander*dt, speedSpread*speedSpread)
	l.at = media
	// Correct.
	error := (sender - media - l.base).Seconds() - l.offset
	gain := 1 / (l.poo + reportNoise*reportNoise)
	ko, ks := l.poo*gain, l.pos*gain
	l.offset += ko * error
	l.slope += ks * error
	l.pss -= ks * l.pos
	l.pos -= ko * l.pos
	l.poo -= ko * l.poo
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
