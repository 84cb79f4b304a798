package programme

const (
	blockSamples = 960 // 20 ms
	// Below the knee the limiter changes nothing; above it bends towards full scale without ever reaching it.
	limitKnee = 24576
	limitRoom = 32767 - limitKnee
)

// mixer sums the lines block by block. All of it is guarded by the programme's mutex but out and sum, which only the
// programme's goroutine touches.
type mixer struct {
	lines  []*AudioLine
	next   int64 // sample to emit next
	ahead  int64 // samples that a line may be ahead of next
	silent int64
	late   int64
	over   int64
	out    [blockSamples * Channels]int16
	sum    [blockSamples * Channels]int32
}

// ready tells that no open line still owes sound before sample to. Called locked.
func (m *mixer) ready(to int64) bool {
	for _, l := range m.lines {
		if !l.closed && l.end < to {
			return false
		}
	}
	return true
}

// take mixes the next n samples into out and advances. A single sounding line passes unchanged, bit for bit. Called
// locked.
func (m *mixer) take(n int64) (at int64, pcm []int16) {
	at, pcm = m.next, m.out[:n*Channels]
	sounding, covered := 0, int64(0)
	for _, l := range m.lines {
		have := min(n, l.end-at)
		if have <= 0 {
			continue
		}
		covered = max(covered, have)
		if !l.sounds(at, have) {
			continue
		}
		switch sounding++; sounding {
		case 1:
			l.copyTo(pcm, at, have)
			clear(pcm[have*Channels:])
			continue
		case 2:
			for i, s := range pcm {
				m.sum[i] = int32(s)
			}
		}
		l.addTo(m.sum[:], at, have)
	}
	switch {
	case sounding == 0:
		clear(pcm)
	case sounding > 1:
		for i := range pcm {
			pcm[i] = limit(m.sum[i])
		}
	}
	m.silent += n - covered
	m.next += n
	m.retire()
	return at, pcm
}

// retire drops lines that are closed and played to their end. Called locked.
func (m *mixer) retire() {
	keep := m.lines[:0]
	for _, l := range m.lines {
		if !l.closed || l.end > m.next {
			keep = append(keep, l)
		}
	}
	clear(m.lines[len(keep):])
	m.lines = keep
}

func (l *AudioLine) sounds(at, n int64) bool {
	for k := int64(0); k < n; {
		span := l.span(at+k, n-k)
		for _, s := range span {
			if s != 0 {
				return true
			}
		}
		k += int64(len(span) / Channels)
	}
	return false
}

func (l *AudioLine) copyTo(dst []int16, at, n int64) {
	for k := int64(0); k < n; {
		k += int64(copy(dst[k*Channels:], l.span(at+k, n-k)) / Channels)
	}
}

func (l *AudioLine) addTo(sum []int32, at, n int64) {
	for k := int64(0); k < n; {
		span := l.span(at+k, n-k)
		for i, s := range span {
			sum[int(k)*Channels+i] += int32(s)
		}
		k += int64(len(span) / Channels)
	}
}

// limit is a memoryless soft limiter: continuous in value and slope, so that blocks may go in and out of it.
func limit(s int32) int16 {
	switch {
	case s > limitKnee:
		over := int64(s - limitKnee)
		return int16(limitKnee + limitRoom*over/(limitRoom+over))
	case s < -limitKnee:
		over := int64(-s - limitKnee)
		return int16(-limitKnee - limitRoom*over/(limitRoom+over))
	}
	return int16(s)
}
