package session

import "time"

const (
	// fillingSpan is how far back the rate is taken from at which a disk fills; before fillingSure there is none.
	fillingSpan = 30 * time.Second
	fillingSure = 5 * time.Second
	// fastest is the most that is believed of a rate, bytes per second: somebody copies a file, and is soon done.
	fastest = 32 << 20
	// aheadOf is how long before a disk is full what is recorded there is ended, so that it can be saved.
	aheadOf = 10 * time.Second
)

// reading is how much room there was.
type reading struct {
	at   time.Time
	room int64
}

// filling is how the room for a recording goes. It is arithmetic; nobody else's clock is in it.
type filling struct{ seen []reading }

// add notes the room there is now, in bytes.
func (f *filling) add(at time.Time, room int64) {
	f.seen = append(f.seen, reading{at, room})
	for len(f.seen) > 2 && at.Sub(f.seen[1].at) >= fillingSpan {
		f.seen = f.seen[1:]
	}
}

// rate is how many bytes of room go in a second; 0 = none do, or it is not known yet.
func (f *filling) rate() float64 {
	if len(f.seen) == 0 {
		return 0
	}
	first, last := f.seen[0], f.seen[len(f.seen)-1]
	span := last.at.Sub(first.at)
	if span < fillingSure || last.room >= first.room {
		return 0
	}
	return float64(first.room-last.room) / span.Seconds()
}

// left is how much time there is until no more than the reserve is left; ok is false while the disk does not fill.
func (f *filling) left(reserve int64) (d time.Duration, ok bool) {
	rate := f.rate()
	if rate == 0 {
		return 0, false
	}
	seconds := float64(f.seen[len(f.seen)-1].room-reserve) / rate
	const most = float64(100 * 24 * time.Hour / time.Second)
	return time.Duration(min(max(seconds, 0), most) * float64(time.Second)), true
}

// reserve is how much room it takes to save what is recorded, at the rate at which the disk fills.
func (f *filling) reserve(least int64) int64 {
	return least + int64(min(f.rate(), fastest)*aheadOf.Seconds())
}
