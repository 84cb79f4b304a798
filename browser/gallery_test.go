package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/url"
	"testing"

	"github.com/go-rod/rod/lib/proto"
)

// gallery is the built-in template's preview, open in a Chromium.
type gallery struct {
	b    *Browser
	base string
}

// openGallery serves the template and launches a Chromium of the size.
func openGallery(t *testing.T, width, height int) *gallery {
	t.Helper()
	s := &TemplateServer{Addr: "127.0.0.1:0"}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	o := testOptions(t)
	o.Width, o.Height, o.Video, o.Audio = width, height, false, false
	g := &gallery{b: launch(t, o), base: s.URL()}
	if err := g.b.Open(t.Context(), g.base+"/?preview=1", false); err != nil {
		t.Fatal(err)
	}
	return g
}

// load opens the preview with another look.
func (g *gallery) load(t *testing.T, look string) {
	t.Helper()
	query, err := url.ParseQuery(look)
	if err != nil {
		t.Fatal(err)
	}
	query.Set("preview", "1")
	page := g.b.page.rod.Context(t.Context()).Timeout(limit)
	if err := page.Navigate(g.base + "/?" + query.Encode()); err != nil {
		t.Fatal(err)
	}
	if err := page.WaitLoad(); err != nil {
		t.Fatal(err)
	}
}

// scene is what the page shows.
type scene struct {
	Layout       string
	Participants int
	Screens      int
}

// String names a scene in messages.
func (s scene) String() string {
	return fmt.Sprintf("%s with %d participants and %d screens", s.Layout, s.Participants, s.Screens)
}

// box is a rectangle of the page in its pixels.
type box struct{ X, Y, Width, Height float64 }

func (b box) right() float64  { return b.X + b.Width }
func (b box) bottom() float64 { return b.Y + b.Height }

// shown is one tile as the page laid it out.
type shown struct {
	Tile, Video box
	Natural     struct{ Width, Height float64 } // of the video's own picture
	Label       *struct {
		box
		Font float64
		Text string
	}
}

// stage is everything that the page laid out.
type stage struct {
	Width, Height             float64
	ScrollWidth, ScrollHeight float64
	Shown                     []shown
}

// settle waits until each shown video has its picture and the page has been painted since.
const settle = `async (layout, participants, screens, fresh) => {
	if (fresh) window.preview.show(participants, screens);
	window.preview.setLayout(layout);
	const tiles = () => [...document.querySelectorAll(".tile:not([hidden])")];
	const frame = () => new Promise(requestAnimationFrame);
	while (tiles().some((t) => t.querySelector("video").readyState < 2)) await frame();
	await frame();
	await frame();
	const box = (e) => { const r = e.getBoundingClientRect(); return { X: r.x, Y: r.y, Width: r.width, Height: r.height }; };
	const page = document.scrollingElement;
	return {
		Width: innerWidth, Height: innerHeight, ScrollWidth: page.scrollWidth, ScrollHeight: page.scrollHeight,
		Shown: tiles().map((t) => {
			const v = t.querySelector("video"), l = t.querySelector(".name");
			return {
				Tile: box(t), Video: box(v), Natural: { Width: v.videoWidth, Height: v.videoHeight },
				Label: l ? { ...box(l), Font: parseFloat(getComputedStyle(l).fontSize), Text: l.textContent } : null,
			};
		}),
	};
}`

// arrange brings a scene onto the page; fresh when its participants are not those of the scene before.
func (g *gallery) arrange(t *testing.T, s scene, fresh bool) stage {
	t.Helper()
	page := g.b.page.rod.Context(t.Context()).Timeout(limit)
	res, err := page.Eval(settle, s.Layout, s.Participants, s.Screens, fresh)
	if err != nil {
		t.Fatalf("%v: %v", s, err)
	}
	var st stage
	if err := res.Value.Unmarshal(&st); err != nil {
		t.Fatal(err)
	}
	return st
}

// picture is what Chromium paints.
func (g *gallery) picture(t *testing.T) image.Image {
	t.Helper()
	page := g.b.page.rod.Context(t.Context()).Timeout(limit)
	shot, err := proto.PageCaptureScreenshot{Format: proto.PageCaptureScreenshotFormatPng, OptimizeForSpeed: true}.Call(page)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
