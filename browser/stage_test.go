package browser

import (
	"math"
	"strings"
	"testing"
)

// screenShape is the shape of the preview's shared screen; no camera has it.
const screenShape = 320.0 / 200

// check holds what the page laid out to the rules: nothing scrolls, tiles are
// apart and inside, pictures keep their shape and are whole unless they cover
// their tile, and a shared screen has the stage.
func (st stage) check(t *testing.T, s scene, cover bool) {
	t.Helper()
	if st.ScrollWidth > st.Width || st.ScrollHeight > st.Height {
		t.Errorf("%v: the page scrolls: %v x %v in %v x %v", s, st.ScrollWidth, st.ScrollHeight, st.Width, st.Height)
	}
	if want := s.tiles(); len(st.Shown) != want {
		t.Errorf("%v: %d tiles, want %d", s, len(st.Shown), want)
	}
	var largest shown
	for i, a := range st.Shown {
		if a.Tile.X < 0 || a.Tile.Y < 0 || a.Tile.right() > st.Width || a.Tile.bottom() > st.Height || a.Tile.Width < 16 || a.Tile.Height < 16 {
			t.Errorf("%v: tile %d is at %+v", s, i, a.Tile)
		}
		for j, b := range st.Shown[:i] {
			if a.Tile.X < b.Tile.right() && b.Tile.X < a.Tile.right() && a.Tile.Y < b.Tile.bottom() && b.Tile.Y < a.Tile.bottom() {
				t.Errorf("%v: tiles %d and %d overlap", s, i, j)
			}
		}
		a.check(t, s, i, cover)
		if a.Tile.Width*a.Tile.Height > largest.Tile.Width*largest.Tile.Height {
			largest = a
		}
	}
	if s.Screens > 0 && largest.shape() != screenShape {
		t.Errorf("%v: the shared screen is not on the stage", s)
	}
}

// tiles is how many the layout has room for.
func (s scene) tiles() int {
	switch {
	case strings.HasPrefix(s.Layout, "single"):
		return 1
	case strings.HasPrefix(s.Layout, "grid") && s.Screens == 0:
		return s.Participants
	}
	return min(s.Participants+s.Screens, 11)
}

func (a shown) shape() float64 { return a.Natural.Width / a.Natural.Height }

func (a shown) check(t *testing.T, s scene, i int, cover bool) {
	t.Helper()
	// The side that rounding changes most decides what one pixel is worth.
	if off := math.Abs(a.Video.Width - a.Video.Height*a.shape()); off > 1+a.shape() {
		t.Errorf("%v: picture %d is stretched: %vx%v for %vx%v", s, i, a.Video.Width, a.Video.Height, a.Natural.Width, a.Natural.Height)
	}
	inside := a.Video.X >= a.Tile.X && a.Video.Y >= a.Tile.Y && a.Video.right() <= a.Tile.right() && a.Video.bottom() <= a.Tile.bottom()
	covers := a.Video.X <= a.Tile.X && a.Video.Y <= a.Tile.Y && a.Video.right() >= a.Tile.right() && a.Video.bottom() >= a.Tile.bottom()
	touches := a.Video.Width == a.Tile.Width || a.Video.Height == a.Tile.Height
	if cover && a.shape() != screenShape {
		inside = covers
	}
	if !inside || !touches {
		t.Errorf("%v: picture %d at %+v in the tile %+v", s, i, a.Video, a.Tile)
	}
	if l := a.Label; l != nil {
		if l.X < a.Tile.X || l.right() > a.Tile.right() || l.Y < a.Tile.Y || l.bottom() > a.Tile.bottom() {
			t.Errorf("%v: label %d at %+v leaves the tile %+v", s, i, l.box, a.Tile)
		}
		if l.Font < 11 || l.Height < l.Font || l.Width < 2*l.Font || l.Text == "" {
			t.Errorf("%v: label %d is not readable: %+v", s, i, *l)
		}
	}
}

// TestTemplateNames asks for labels, which are compared by where they stand:
// how letters look depends on the machine's fonts.
func TestTemplateNames(t *testing.T) {
	t.Parallel()
	g := openGallery(t, 1280, 720)
	for _, look := range []string{"names=true", "names=true&fit=cover", ""} {
		g.load(t, look)
		for _, participants := range []int{1, 4, 17} {
			fresh := true
			for _, layout := range []string{"grid", "speaker-light", "single-speaker"} {
				s := scene{layout, participants, 1}
				if layout == "grid" {
					s.Screens = 0
				}
				st := g.arrange(t, s, fresh || layout == "speaker-light")
				fresh = false
				st.check(t, s, look == "names=true&fit=cover")
				for i, a := range st.Shown {
					if (a.Label != nil) != (look != "") {
						t.Errorf("%v, %q: label %d: %+v", s, look, i, a.Label)
					}
				}
			}
		}
	}
}
