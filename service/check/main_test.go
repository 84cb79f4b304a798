package check

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/config"
)

func TestMain(m *testing.M) {
	service.LogRedis(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// secret stands for every secret in these tests; no line may show it.
const secret = "sesame-sesame-sesame-sesame-sesame"

// patience is for machines that are busy.
const patience = 30 * time.Second

// about makes the subject of a configuration text.
func about(t *testing.T, body string) *subject {
	t.Helper()
	conf, _ := config.Examine([]byte(body))
	if conf == nil {
		t.Fatalf("no configuration: %s", body)
	}
	return &subject{conf: conf, patience: patience}
}

// want checks the status and words of the only result.
func want(t *testing.T, got []Result, status Status, found, remedy string) {
	t.Helper()
	if len(got) != 1 {
		t.Fatalf("results %v, want one", got)
	}
	r := got[0]
	if r.Status != status || !strings.Contains(r.Found, found) || !strings.Contains(r.Remedy, remedy) {
		t.Errorf("got  %v\nwant %v, %q, remedy %q", r, status, found, remedy)
	}
	if (r.Status == Fail) && r.Remedy == "" {
		t.Errorf("no remedy: %v", r)
	}
	if line := r.String(); strings.Contains(line, secret) || strings.ContainsAny(line, "\n\r") {
		t.Errorf("a secret or a line end is in %q", line)
	}
}
