package programme

import "time"

// never is later than any deadline.
const never = time.Duration(1<<63 - 1)

// run is the programme's goroutine: it emits what is due, then sleeps until the next deadline or arrival.
func (p *Programme) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, ended := p.step()
		if ended {
			close(p.done)
			return
		}
		if due <= 0 {
			continue
		}
		if due == never {
			<-p.wake
			continue
		}
		timer.Reset(due)
		select {
		case <-p.wake:
		case <-timer.C:
		}
	}
}

// step emits one picture or one block if one is due, and returns how long to wait when none is.
func (p *Programme) step() (wait time.Duration, ended bool) {
	p.mu.Lock()
	now := p.now()
	video, audio := p.videoDue(), p.audioDue()
	switch {
	case p.stopping && video == never && audio == never:
		p.finish()
		return 0, true
	case video <= now && (video <= audio || audio > now):
		p.emitVideo()
		return 0, false
	case audio <= now:
		p.emitAudio()
		return 0, false
	}
	due := min(video, audio)
	if due != never {
		due = p.delay.wait(due - now)
	}
	p.mu.Unlock()
	return due, false
}

// videoDue is when the next slot is emitted, as things stand: at its time if its picture or a later one is here, with
// patience if not. Called locked.
func (p *Programme) videoDue() time.Duration {
	v := p.video
	if !p.format.Video || p.stopping && v.next >= p.total.Frame {
		return never
	}
	due := p.line.FrameTime(v.next)
	if len(v.queue) == 0 && !v.closed {
		due += p.patience
	}
	return due
}

// audioDue is when the next block is emitted, as things stand. Called locked.
func (p *Programme) audioDue() time.Duration {
	n := p.blockSize()
	if n <= 0 {
		return never
	}
	to := p.mixer.next + n
	due := p.line.SampleTime(to)
	if !p.mixer.ready(to) {
		due += p.audioPatience
	}
	return due
}

// called locked
func (p *Programme) blockSize() int64 {
	n := min(blockSamples, p.pauses.untilEdge(p.mixer.next))
	switch {
	case !p.format.Audio:
		return 0
	case p.stopping:
		return min(n, p.total.Sample-p.mixer.next)
	}
	return n
}

// emitVideo is called locked and unlocks: consumers are called without the mutex.
func (p *Programme) emitVideo() {
	n, f, fresh := p.video.take()
	if f == nil {
		f = p.pool.Get()
		p.format.Black(f.Pix)
		p.video.held = f
	}
	at, in, first := p.pauses.frame(n)
	if in != nil && in.mode == Cut {
		p.mu.Unlock()
		return
	}
	if in != nil {
		f, fresh = p.slate(), false
	}
	f.Retain()
	consumers := p.consumers
	p.mu.Unlock()
	for _, c := range consumers {
		c.VideoFrame(at, f, !fresh && !first && at > 0)
	}
	f.Release()
	p.spare(consumers)
}

// emitAudio is called locked and unlocks.
func (p *Programme) emitAudio() {
	from, pcm := p.mixer.take(p.blockSize())
	at, in := p.pauses.sample(from)
	if in != nil && in.mode == Cut {
		p.mu.Unlock()
		return
	}
	if in != nil {
		clear(pcm)
	}
	consumers := p.consumers
	p.mu.Unlock()
	for _, c := range consumers {
		c.AudioBlock(at, pcm)
	}
}

// finish is called locked and unlocks.
func (p *Programme) finish() {
	p.ended = true
	p.video.clear()
	p.mixer.lines = nil
	if p.slateFrame != nil {
		p.slateFrame.Release()
		p.slateFrame = nil
	}
	p.total = p.shown(p.total)
	consumers, total := p.consumers, p.total
	p.mu.Unlock()
	for _, c := range consumers {
		c.End(total.Frame, total.Sample)
	}
}
