package publish

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
)

// Path is the network between a participant and the server. What it loses is lost after everything that the sender
// does: packets that are sent again can be lost again, and so can the server's requests for them.
type Path struct {
	Loss    float64       // share of the packets that are lost, in both directions
	Burst   int           // how many are lost in a row, on the average; 0 and 1 = one
	Picture time.Duration // by how much pictures are slower
	Sound   time.Duration // by how much sound is slower
}

func (p Path) any() bool { return p != Path{} }

var _ interceptor.Factory = Path{}

// NewInterceptor makes the path of one connection. What is lost is the same in each run.
func (p Path) NewInterceptor(string) (interceptor.Interceptor, error) {
	return &path{Path: p, random: rand.New(rand.NewPCG(1, 2)), end: make(chan struct{})}, nil
}

type path struct {
	interceptor.NoOp
	Path
	wg  sync.WaitGroup
	end chan struct{}

	mu     sync.Mutex
	random *rand.Rand
	bad    bool // in a burst
	closed bool
}

// lost decides over one packet, by Gilbert's model of two states.
func (p *path) lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Loss <= 0 {
		return false
	}
	leave := 1 / float64(max(p.Burst, 1))
	enter := leave * p.Loss / (1 - p.Loss)
	if p.bad {
		p.bad = p.random.Float64() >= leave
	} else {
		p.bad = p.random.Float64() < enter
	}
	return p.bad
}

// BindLocalStream puts the path behind a track.
func (p *path) BindLocalStream(info *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	delay := p.Sound
	if strings.HasPrefix(strings.ToLower(info.MimeType), "video/") {
		delay = p.Picture
	}
	if delay > 0 {
		w = p.slow(w, delay)
	}
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if p.lost() {
			return h.MarshalSize() + len(payload), nil
		}
		return w.Write(h, payload, a)
	})
}

// BindRTCPReader has the path lose what the server says.
func (p *path) BindRTCPReader(r interceptor.RTCPReader) interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		for {
			n, attr, err := r.Read(b, a)
			if err != nil || !p.lost() {
				return n, attr, err
			}
		}
	})
}

// Close ends what is on its way.
func (p *path) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.end)
	}
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}

// underway is how many packets may be on a slow path.
const underway = 4096

type late struct {
	due     time.Time
	header  rtp.Header
	payload []byte
}

// slow is a path that takes time. A packet that does not fit is lost.
func (p *path) slow(w interceptor.RTPWriter, delay time.Duration) interceptor.RTPWriter {
	queue := make(chan late, underway)
	p.wg.Go(func() {
		timer := time.NewTimer(0)
		defer timer.Stop()
		for {
			select {
			case l := <-queue:
				timer.Reset(time.Until(l.due))
				select {
				case <-timer.C:
				case <-p.end:
					return
				}
				_, _ = w.Write(&l.header, l.payload, nil) // a connection that is gone loses it
			case <-p.end:
				return
			}
		}
	})
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
		select {
		case queue <- late{time.Now().Add(delay), h.Clone(), append([]byte(nil), payload...)}:
		default:
		}
		return h.MarshalSize() + len(payload), nil
	})
}
