package page

import (
	"context"
	"crypto/tls"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/launcher"
	"github.com/go-rod/rod/lib/proto"
)

func serve(t *testing.T, size publish.Size) *Server {
	t.Helper()
	dir, err := rig.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), publish.Cache{Dir: dir + "/material"}, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestClipMeasuresPerfect(t *testing.T) {
	for _, size := range []publish.Size{{Width: 640, Height: 360}} {
		s := serve(t, size)
		r, err := meter.Measure(t.Context(), s.clip, meter.Options{IDs: []int{0}})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("\n%v", r)

		faults := r.Check(meter.Limits{OffsetP95: 2, BarError: 4, UniqueFPS: 29.99, Wall: ClipSeconds, WallWithin: 0.05})
		if faults != nil {
			t.Errorf("faults %q", faults)
		}
	}
}

// TestChromiumPlaysTheCard asks a real browser which colours it shows and
// what it logs.
func TestChromiumPlaysTheCard(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := launcher.New().Bin("/usr/lib/chromium/chromium").Leakless(false).Headless(true).NoSandbox(true).
		Set("autoplay-policy", "no-user-gesture-required").UserDataDir(t.TempDir())
	control, err := l.Context(ctx).Launch()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Kill()
	browser := rod.New().ControlURL(control).Context(ctx)
	if err := browser.Connect(); err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	for _, size := range []publish.Size{{Width: 640, Height: 360}, {Width: 1280, Height: 720}} {
		s := serve(t, size)
		p, err := browser.Page(proto.TargetCreateTarget{URL: "about:blank"})
		if err != nil {
			t.Fatal(err)
		}
		logged := make(chan string, 16)
		wait := p.EachEvent(func(e *proto.RuntimeConsoleAPICalled) bool {
			text := strings.Trim(e.Args[0].Value.JSON("", ""), `"`)
			logged <- text
			return text == "END_RECORDING"
		})
		if err := p.Navigate(s.Card(100*time.Millisecond, 900*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		wait()
		if first, second := <-logged, <-logged; first != "START_RECORDING" || second != "END_RECORDING" {
			t.Errorf("page logs %q, %q", first, second)
		}
		colours, err := p.Eval(`() => {
			const v = document.getElementById('card'), c = document.createElement('canvas')
			c.width = v.videoWidth; c.height = v.videoHeight
			const x = c.getContext('2d'); x.drawImage(v, 0, 0)
			return [0,1,2,3,4,5,6,7].map(i => [...x.getImageData((0.06 + 0.11 * (i + 0.5)) * c.width, 0.86 * c.height, 1, 1).data].slice(0, 3))
		}`)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, bar := range colours.Value.Arr() {
			want := card.Bars[i]
			for j, v := range []uint8{want.R, want.G, want.B} {
				worst = max(worst, math.Abs(float64(bar.Arr()[j].Int())-float64(v)))
			}
		}
		t.Logf("%v: worst bar error in Chromium %.0f of 255 (RGB): %v", size, worst, colours.Value)
		if worst > 6 {
			t.Errorf("%v: Chromium shows bars %.0f off", size, worst)
		}
		p.Close()
	}
}

func TestBrokenPages(t *testing.T) {
	s := serve(t, publish.Size{Width: 640, Height: 360})
	list, err := s.Broken()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 300 * time.Millisecond}
	for _, b := range list {
		res, err := client.Get(b.URL)
		if err == nil {
			res.Body.Close()
		}
		switch {
		case b.Name == "template error" || b.Name == "never loads":
			if err != nil || res.StatusCode != 200 {
				t.Errorf("%s: %v", b.Name, err)
			}
		case err == nil && res.StatusCode < 400:
			t.Errorf("%s answers %s", b.Name, res.Status)
		}
	}
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	res, err := insecure.Get(s.TLSURL + "/")
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("over TLS without a check: %v", err)
	}
	res.Body.Close()
}
