package publish

import (
	"testing"

	"github.com/pion/rtcp"
)

// TestAnswer asks for a keyframe at each place of the interval and wants one within the choice's frames, of material
// that shows the same as before.
func TestAnswer(t *testing.T) {
	o := Options{Answer: true}
	cache := Cache{Dir: t.TempDir()}
	a := &answer{}
	for _, what := range o.keyed(Card{Size: Size{64, 48}}) {
		m, err := cache.Load(t.Context(), what)
		if err != nil {
			t.Fatal(err)
		}
		a.material = append(a.material, m)
		for n, frame := range m.Frames {
			if want := n == 0 || n%KeyInterval == what.KeyPhase; isKey(frame) != want {
				t.Fatalf("keyframes from %d on: frame %d is one: %v", what.KeyPhase, n, !want)
			}
		}
	}
	if len(a.material) != KeyInterval/KeyChoice {
		t.Fatalf("%d materials", len(a.material))
	}
	for n := int64(0); n < 3*KeyInterval; n++ {
		if isKey(a.frame(n)) != (n%KeyInterval == 0) {
			t.Errorf("not asked, frame %d", n)
		}
	}
	n := int64(0)
	for asked := range int64(2 * KeyInterval) {
		for ; n < 100*(asked+1)+asked; n++ {
			a.frame(n)
		}
		a.hear(&rtcp.ReceiverReport{})
		a.hear(&rtcp.PictureLossIndication{})
		first := n
		for !isKey(a.frame(n)) {
			n++
		}
		if n-first >= KeyChoice {
			t.Errorf("asked before frame %d, answered by %d", first, n)
		}
		n++
	}
}

func isKey(vp8 []byte) bool { return vp8[0]&1 == 0 }
