package programme

import "time"

const (
	// lineAhead bounds how far ahead of the programme a line may be written.
	lineAhead = 2 * time.Second
	lineStart = 8192 // samples per channel that a new line has room for, a power of two
)

// AudioLine is one source's sound. It is safe for concurrent use.
type AudioLine struct {
	p *Programme

	// All guarded by p.mu. Sample m is at index m modulo the ring's length; valid from the mixer's position to end.
	ring   []int16
	end    int64
	closed bool
}

// Write places interleaved stereo at a sample position. It copies; it never blocks. What is before the programme's
// position is dropped and counted, as is what is more than 2 s ahead of it; a gap after the last write is silence; what
// overlaps an earlier write replaces it.
func (l *AudioLine) Write(at int64, pcm []int16) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	m := &l.p.mixer
	if l.closed || l.p.ended {
		return
	}
	n := int64(len(pcm) / Channels)
	if at < 0 { // before zero: not late, not wanted
		skip := min(n, -at)
		at, n, pcm = at+skip, n-skip, pcm[skip*Channels:]
	}
	if skip := min(n, m.next-at); skip > 0 {
		m.late += skip
		at, n, pcm = at+skip, n-skip, pcm[skip*Channels:]
	}
	if over := min(n, at+n-(m.next+m.ahead)); over > 0 {
		m.over += over
		n -= over
	}
	if n <= 0 {
		return
	}
	l.end = max(l.end, m.next)
	l.grow(max(l.end, at+n) - m.next)
	for gap := l.end; gap < at; {
		span := l.span(gap, at-gap)
		clear(span)
		gap += int64(len(span) / Channels)
	}
	for k := int64(0); k < n; {
		done := copy(l.span(at+k, n-k), pcm[k*Channels:])
		k += int64(done / Channels)
	}
	l.end = max(l.end, at+n)
	l.p.wakeUp()
}

// Close tells that nothing more will be written. What was written before is still played.
func (l *AudioLine) Close() {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.closed = true
	l.p.wakeUp()
}

// span is the ring from sample at on, n samples or less where the ring wraps. Called locked.
func (l *AudioLine) span(at, n int64) []int16 {
	size := int64(len(l.ring) / Channels)
	from := at & (size - 1)
	return l.ring[from*Channels : min(size, from+n)*Channels]
}

// grow makes room for n samples from the mixer's position on. Called locked.
func (l *AudioLine) grow(n int64) {
	size := int64(len(l.ring) / Channels)
	if size >= n {
		return
	}
	old := *l
	for size = max(size, lineStart); size < n; size *= 2 {
	}
	l.ring = make([]int16, size*Channels)
	for at := l.p.mixer.next; at < l.end; {
		src := old.span(at, l.end-at)
		at += int64(copy(l.span(at, l.end-at), src) / Channels)
	}
}
