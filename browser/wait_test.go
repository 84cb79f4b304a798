package browser

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// waitOnTemplate serves the built-in template and has a pool's browser wait on it.
func waitOnTemplate(t *testing.T) (s *TemplateServer, b *Browser) {
	t.Helper()
	s = &TemplateServer{Addr: "127.0.0.1:0"}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	o := testOptions(t)
	var err error
	if o.Wait, err = WaitURL(s.URL()); err != nil {
		t.Fatal(err)
	}
	p := startPool(t, o, nil)
	waiting(t, p, nil)
	if b = p.Take(t.Context(), o); b == nil {
		t.Fatal("none was handed out")
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, b
}

// TestWait gives a page that waits its query, and has it fail as any template does.
func TestWait(t *testing.T) {
	t.Parallel()
	s, b := waitOnTemplate(t)
	room, err := RoomURL(s.URL(), "grid", "ws://"+freePort(t), "averysecrettokenvalue")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Open(t.Context(), room, true); err != nil {
		t.Fatal(err)
	}
	at, err := b.page.evaluate(t.Context(), "location.href")
	if err != nil || at != b.page.waits {
		t.Errorf("the page was loaded again: it is at %q (%v)", at, err)
	}
	await(t, "failure", b.Failed())
	var pageErr *PageError
	if err := b.Err(); !errors.As(err, &pageErr) || !pageErr.Template || !strings.HasPrefix(err.Error(), "template error: could not establish signal connection") {
		t.Errorf("error is %v", err)
	}
	if strings.Contains(b.Err().Error(), "averysecret") {
		t.Error("the token is told")
	}
}

// TestWaitForAnother leaves the page that waits for one that is asked for instead.
func TestWaitForAnother(t *testing.T) {
	t.Parallel()
	_, b := waitOnTemplate(t)
	if b.page.waits == "" {
		t.Fatal("it waits on the empty page")
	}
	url := serve(t, barsPage)
	if err := b.Open(t.Context(), url, true); err != nil {
		t.Fatal(err)
	}
	await(t, "start", b.Started())
	if at, err := b.page.evaluate(t.Context(), "location.href"); err != nil || !strings.HasPrefix(at, url) {
		t.Errorf("it is at %q (%v)", at, err)
	}
}

// TestWaitInVain waits on the empty page when the other one cannot be had, and
// is of use all the same.
func TestWaitInVain(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"http://" + freePort(t) + "/?wait=", serve(t, "nobody waits here") + "/?wait="} {
		o := testOptions(t)
		o.Wait = page
		p := startPool(t, o, nil)
		waiting(t, p, nil)
		b := p.Take(t.Context(), o)
		if b == nil {
			t.Fatal("none was handed out")
		}
		err := b.Open(t.Context(), serve(t, barsPage), true)
		if err == nil {
			await(t, "start", b.Started())
		}
		if err := errors.Join(err, b.Close(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

func TestQueryFor(t *testing.T) {
	wait, err := WaitURL("http://localhost:7980?fit=cover")
	if err != nil || wait != "http://localhost:7980/?wait=" {
		t.Errorf("waits at %q, %v", wait, err)
	}
	if _, err := WaitURL("http://["); err == nil {
		t.Error("no address is taken for one")
	}
	for to, want := range map[string]string{
		"http://localhost:7980/?layout=grid&token=t": "layout=grid&token=t",
		"http://localhost:7980?a=b":                  "a=b",
		"http://localhost:7980/":                     "",
		"http://localhost:7981/?a=b":                 "other",
		"http://localhost:7980/x?a=b":                "other",
		"https://localhost:7980/?a=b":                "other",
		"http://localhost:7980/?a=b#c":               "other",
		"http://[":                                   "other",
	} {
		query, same := queryFor(wait, to)
		if !same {
			query = "other"
		}
		if query != want {
			t.Errorf("%s: %q, want %q", to, query, want)
		}
	}
	if _, same := queryFor("", "http://localhost:7980/"); same {
		t.Error("the empty page is given a query")
	}
}
