package programme

// frameRun is one picture for the slots first … end−1.
type frameRun struct {
	frame      *Frame
	first, end int64
}

// frameQueue holds the pictures of consecutive slots, each picture once. It keeps the newest one even when it is
// consumed, to fill slots that nobody has a picture for any more. Not safe for concurrent use.
type frameQueue struct {
	depth int // distinct pictures that it holds at most
	runs  []frameRun
	tail  *Frame
	next  int64 // slot after the last one pushed
}

// push appends slot n with picture f, as a further slot of the newest picture if that is the same or again says so.
// Beyond its depth the oldest picture is dropped.
func (q *frameQueue) push(n int64, f *Frame, again bool) {
	if q.tail == nil {
		q.next = n
		q.runs = make([]frameRun, 0, q.depth+1)
	}
	if q.tail == nil || (q.tail != f && !again) {
		if q.tail != nil {
			q.tail.Release()
		}
		q.tail = f.Retain()
	}
	last := len(q.runs) - 1
	if last >= 0 && q.runs[last].frame == q.tail {
		q.runs[last].end = n + 1
	} else {
		q.runs = append(q.runs, frameRun{frame: q.tail.Retain(), first: q.next, end: n + 1})
	}
	q.next = n + 1
	if len(q.runs) > q.depth {
		q.pop()
	}
}

// at returns slot n's picture with an owner added, n being below next; pictures of slots before n are dropped. hole
// says that the slot's own picture is gone and the oldest that there is stands in.
func (q *frameQueue) at(n int64) (f *Frame, hole bool) {
	for len(q.runs) > 0 && q.runs[0].end <= n {
		q.pop()
	}
	if len(q.runs) == 0 {
		return q.tail.Retain(), true
	}
	return q.runs[0].frame.Retain(), n < q.runs[0].first
}

func (q *frameQueue) full() bool { return len(q.runs) >= q.depth }

func (q *frameQueue) pop() {
	q.runs[0].frame.Release()
	n := copy(q.runs, q.runs[1:])
	q.runs[n] = frameRun{}
	q.runs = q.runs[:n]
}
