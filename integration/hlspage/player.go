package hlspage

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/ffegress/ffegress/integration/rig"
)

//go:embed dist
var bundle embed.FS

// State is what the page says about its playing.
type State struct {
	Playing  bool
	Ended    bool
	Time     float64 // seconds, of the media
	From     float64 // where it began
	Duration float64 // seconds; 0 while the playlist is open
	Frames   int     // that were shown
	Dropped  int     // that were decoded and not shown
	Stalls   []float64
	Errors   []string
}

// Player is a page in a Chromium of its own.
type Player struct {
	http    *httptest.Server
	browser *rig.Child
	profile string

	mu      sync.Mutex
	state   State
	changed chan struct{} // one token
}

// Play opens a playlist that lies below the folder media. The browser's files go to dir.
func Play(media, playlist, dir string) (*Player, error) {
	page, err := fs.Sub(bundle, "dist")
	if err != nil {
		return nil, fmt.Errorf("serve player: %w", err)
	}
	chromium, err := chromium()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	p := &Player{changed: make(chan struct{}, 1)}
	if p.profile, err = os.MkdirTemp(dir, "player-*"); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	mux.Handle("GET /media/", http.StripPrefix("/media", fresh(http.FileServer(http.Dir(media)))))
	mux.HandleFunc("POST /state", p.take)
	p.http = httptest.NewServer(mux)
	address := p.http.URL + "/?src=" + url.QueryEscape("/media/"+playlist)
	p.browser, err = rig.Launch("player", chromium, []string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
		"--user-data-dir=" + p.profile, address,
	}, nil, filepath.Join(p.profile, "player.log"))
	if err != nil {
		p.http.Close()
		return nil, err
	}
	return p, nil
}

// fresh has nothing kept in caches: a playlist changes.
func fresh(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// take keeps what the page tells.
func (p *Player) take(w http.ResponseWriter, r *http.Request) {
	var s State
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&s); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// State is the newest.
func (p *Player) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Wait waits for a state; one goroutine may. Beside ctx's error it returns the last state.
func (p *Player) Wait(ctx context.Context, want func(State) bool) (State, error) {
	for {
		if s := p.State(); want(s) {
			return s, nil
		}
		select {
		case <-p.changed:
		case <-p.browser.Done():
			return p.State(), errors.New("the player's Chromium has ended: " + p.browser.Tail(3))
		case <-ctx.Done():
			return p.State(), fmt.Errorf("player: %w", ctx.Err())
		}
	}
}

// Close ends the browser.
func (p *Player) Close() error {
	_, err := p.browser.Stop(10 * time.Second)
	p.http.CloseClientConnections()
	p.http.Close()
	return errors.Join(err, os.RemoveAll(p.profile))
}

// chromium is the program itself: the Debian wrapper adds flags of its own.
func chromium() (string, error) {
	const debian = "/usr/lib/chromium/chromium"
	if _, err := os.Stat(debian); err == nil {
		return debian, nil
	}
	return exec.LookPath("chromium")
}
