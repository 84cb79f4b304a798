package browser

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDisplayArgs(t *testing.T) {
	got := strings.Join(displayArgs(&Options{Width: 1280, Height: 720, Depth: 24}, "/d/xauthority"), " ")
	want := "-displayfd 3 -screen 0 1280x736x24 -auth /d/xauthority -nolisten tcp -noreset -dpi 96"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestChromiumArgs(t *testing.T) {
	args := func(o Options) []string {
		o.Width, o.Height = 1280, 720
		return chromiumArgs(chromiumFlags(&o, "/d"), startPage)
	}
	plain := args(Options{Audio: true})
	cases := []struct {
		name       string
		args       []string
		has, lacks []string
	}{
		{"plain", plain,
			[]string{"--kiosk", "--no-sandbox", "--window-size=1280,720", "--user-data-dir=/d/profile", "--remote-debugging-pipe", "--audio-buffer-size=2048"},
			[]string{"--disable-web-security", "--disable-audio-output", "--enable-automation", "--no-startup-window"}},
		{"sandbox", args(Options{Sandbox: true}), []string{"--disable-audio-output"}, []string{"--no-sandbox"}},
		{"insecure", args(Options{Insecure: true}), []string{"--disable-web-security", "--allow-running-insecure-content"}, nil},
		{"flags", args(Options{Flags: map[string]any{
			"kiosk": false, "lang": "de", "--mute-audio": true, "audio-buffer-size": 4096, "disable-sync": nil,
			"remote-debugging-pipe": false, "user-data-dir": "/elsewhere",
		}}),
			[]string{"--lang=de", "--mute-audio", "--audio-buffer-size=4096", "--remote-debugging-pipe", "--user-data-dir=/d/profile"},
			[]string{"--kiosk", "--disable-sync", "--user-data-dir=/elsewhere"}},
	}
	for _, c := range cases {
		for _, flag := range c.has {
			if !slices.Contains(c.args, flag) {
				t.Errorf("%s: lacks %s", c.name, flag)
			}
		}
		for _, flag := range c.lacks {
			if slices.Contains(c.args, flag) {
				t.Errorf("%s: has %s", c.name, flag)
			}
		}
		if c.args[len(c.args)-1] != startPage {
			t.Errorf("%s: the last argument is %s", c.name, c.args[len(c.args)-1])
		}
	}
	if again := args(Options{Audio: true}); !slices.Equal(plain, again) {
		t.Error("the order is not stable")
	}
}

func TestCookieRecord(t *testing.T) {
	got := cookieRecord([]byte("0123456789abcdef"))
	want := []byte("\xff\xff\x00\x00\x00\x00\x00\x12MIT-MAGIC-COOKIE-1\x00\x100123456789abcdef")
	if !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestEnvIsClean(t *testing.T) {
	t.Setenv("LIVEKIT_API_SECRET", "secret")
	t.Setenv("LC_TIME", "C")
	t.Setenv("https_proxy", "http://proxy")
	env := baseEnv("/d", "DISPLAY=:1")
	all := strings.Join(env, "\n")
	if strings.Contains(all, "secret") {
		t.Error("a secret passes")
	}
	for _, want := range []string{"HOME=/d", "LC_TIME=C", "https_proxy=http://proxy", "DISPLAY=:1"} {
		if !slices.Contains(env, want) {
			t.Errorf("lacks %s", want)
		}
	}
}

func TestMissingProgram(t *testing.T) {
	cases := []struct {
		change func(*Options)
		text   string
	}{
		{func(o *Options) { o.Chromium = "/nowhere/chromium" }, `/nowhere/chromium not found: install it (Debian package "chromium")`},
		{func(o *Options) { o.Xvfb = "no-such-xvfb" }, `no-such-xvfb not found: install it (Debian package "xvfb")`},
		{func(o *Options) { o.PulseAudio = "/nowhere/pa" }, `Debian package "pulseaudio"`},
	}
	for _, c := range cases {
		o := testOptions(t)
		c.change(&o)
		began := time.Now()
		_, err := Launch(t.Context(), o)
		var missing *MissingProgramError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("error is %v, want %s", err, c.text)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("told after %v", d)
		}
		if _, err := os.Stat(o.Dir); !os.IsNotExist(err) {
			t.Error("a directory was made")
		}
	}
}

// TestBrokenProgram expects the words of a program that ends at once.
func TestBrokenProgram(t *testing.T) {
	script := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho cannot open library >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*Options){
		"xvfb":       func(o *Options) { o.Xvfb = script },
		"pulseaudio": func(o *Options) { o.PulseAudio = script },
		"chromium":   func(o *Options) { o.Chromium = script },
	}
	for name, change := range cases {
		o := testOptions(t)
		change(&o)
		_, err := Launch(t.Context(), o)
		want := "launch browser: start " + name + ": " + name + ": exit code 3: cannot open library"
		if err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
		if _, err := os.Stat(o.Dir); !os.IsNotExist(err) {
			t.Errorf("%s: the directory is left", name)
		}
	}
}

func TestOptions(t *testing.T) {
	cases := map[string]func(*Options){
		"odd width":  func(o *Options) { o.Width = 641 },
		"no height":  func(o *Options) { o.Height = 0 },
		"no depth":   func(o *Options) { o.Depth = 8 },
		"no rate":    func(o *Options) { o.FPS = 0 },
		"no private": func(o *Options) { o.Dir = "" },
	}
	for name, change := range cases {
		o := testOptions(t)
		change(&o)
		if b, err := Launch(t.Context(), o); err == nil {
			_ = b.Close(t.Context())
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseStat(t *testing.T) {
	cases := []struct {
		stat  string
		state byte
		pgrp  int
		ok    bool
	}{
		{"12 (chromium) S 1 345 345 0", 'S', 345, true},
		{"12 (a) b) (c) Z 1 7 7 0", 'Z', 7, true},
		{"12 (chromium) S 1", 0, 0, false},
		{"12 chromium S 1 7", 0, 0, false},
		{"", 0, 0, false},
	}
	for _, c := range cases {
		state, pgrp, ok := parseStat([]byte(c.stat))
		if ok != c.ok || ok && (state != c.state || pgrp != c.pgrp) {
			t.Errorf("%q: %c %d %v", c.stat, state, pgrp, ok)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("12 (chromium) S 1 345 345 0"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if _, _, ok := parseStat(stat); ok && !bytes.Contains(stat, []byte(")")) {
			t.Error("no name, but parsed")
		}
	})
}
