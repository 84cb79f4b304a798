package browser

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestRelay(t *testing.T) {
	var first, second bytes.Buffer
	text := func(b *bytes.Buffer) *slog.Logger {
		return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	r := newRelay(text(&first).With("in", "pool"))
	log := slog.New(r).With("child", "xvfb").WithGroup("of").With("n", 1)
	log.Debug("one", "a", 1)
	r.turn(text(&second).With("egressID", "EG_1"))
	log.Debug("two", "a", 2)
	for _, c := range []struct{ got, want string }{
		{first.String(), "msg=one in=pool child=xvfb of.n=1 of.a=1\n"},
		{second.String(), "msg=two egressID=EG_1 child=xvfb of.n=1 of.a=2\n"},
	} {
		if !strings.HasSuffix(c.got, c.want) || strings.Count(c.got, "\n") != 1 {
			t.Errorf("logged %q, want %q", c.got, c.want)
		}
	}
	r.turn(slog.New(slog.DiscardHandler))
	if log.Enabled(t.Context(), slog.LevelError) {
		t.Error("enabled where nobody listens")
	}
}
