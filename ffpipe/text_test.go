package ffpipe

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestRedact(t *testing.T) {
	tests := []struct {
		name    string
		secrets []string
		in, out string
	}{
		{"none", nil, "plain", "plain"},
		{"empty secret", []string{""}, "plain", "plain"},
		{"twice", []string{"key"}, "key and key", "[redacted] and [redacted]"},
		{"overlapping", []string{"abc", "bcd"}, "xabcdx", "x[redacted]x"},
		{"one in another", []string{"ab", "cabd"}, "cabd", "[redacted]"},
		{"overlaps itself", []string{"aa"}, "aaab", "[redacted]b"},
		{"escaped", []string{"a b/c"}, "?k=a+b%2Fc&p=a%20b%2Fc", "?k=[redacted]&p=[redacted]"},
		{"whole", []string{"s"}, "s", "[redacted]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewRedactor(tt.secrets...)
			if got := r.Redact(tt.in); got != tt.out {
				t.Errorf("got %q, want %q", got, tt.out)
			}
		})
	}
	var none *Redactor
	none.Add("x")
	if got := none.Redact("x"); got != "x" {
		t.Errorf("nil Redactor: %q", got)
	}
	late := NewRedactor()
	late.Add("late")
	if got := late.Redact("too late"); got != "too [redacted]" {
		t.Errorf("added: %q", got)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("rtmp://host/app/key", "key", "app/k")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		out := NewRedactor(a, b).Redact(text)
		rest := strings.Split(out, redacted)
		for _, secret := range []string{a, b} {
			for _, part := range rest {
				if secret != "" && strings.Contains(part, secret) && !strings.Contains(text, redacted) {
					t.Errorf("%q with %q, %q: %q", text, a, b, out)
				}
			}
		}
	})
}

func TestCutLineHidesHalfASecret(t *testing.T) {
	const secret = "0123456789abcdef"
	line := strings.Repeat("x", maxLine-8) + secret + "\nnext\n"
	tl := newTail(NewRedactor(secret))
	var lines []string
	tl.read(strings.NewReader(line), slog.New(slog.DiscardHandler), func(s string) { lines = append(lines, s) })
	if len(lines) != 2 || strings.Contains(lines[0], "0123") || lines[1] != "next" {
		t.Errorf("%d lines, the first ends in %q", len(lines), lines[0][len(lines[0])-20:])
	}
	if kept := tl.lines()[0]; len(kept) > tailLineSize+len("…") {
		t.Errorf("ring keeps %d bytes of a line", len(kept))
	}
}

func TestReadLine(t *testing.T) {
	br := bufio.NewReader(strings.NewReader("frame=1\rframe=2\n\nlast"))
	var got []string
	for {
		line, _, err := readLine(br)
		got = append(got, string(line))
		if err == io.EOF {
			break
		}
	}
	if want := []string{"frame=1", "frame=2", "", "last"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLogIsLimited(t *testing.T) {
	var buf bytes.Buffer
	log := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var l lineLimit
	now := time.Unix(0, 0)
	for range 1000 {
		l.log(log, "Broken pipe", now)
	}
	l.log(log, "much later", now.Add(logWindow))
	l.flush(log)
	text := buf.String()
	if n := strings.Count(text, "\n"); n != logLines+2 {
		t.Errorf("%d lines logged", n)
	}
	if !strings.Contains(text, fmt.Sprintf("lines=%d", 1000-logLines)) || !strings.Contains(text, "much later") {
		t.Errorf("log:\n%s", text)
	}
}

func TestExitErrorText(t *testing.T) {
	tests := []struct {
		e    ExitError
		want string
	}{
		{ExitError{Name: "encoder", Code: 1}, "encoder: exit code 1"},
		{ExitError{Name: "encoder", Code: 1, Tail: []string{"the cause", "Thread message queue blocking; …", "Conversion failed!", " "}},
			"encoder: exit code 1: the cause"},
		{ExitError{Name: "encoder", Code: 1, Tail: []string{"Conversion failed!", ""}}, "encoder: exit code 1: Conversion failed!"},
		{ExitError{Name: "xvfb", Code: -1, Signal: 9}, "xvfb: ended by signal 9 (killed)"},
	}
	for _, tt := range tests {
		if got := tt.e.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
