package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// freePort gives an address of the loopback interface that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// site answers as its paths say.
func site(t *testing.T, hits *sync.Map) *httptest.Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var flaky atomic.Int32
	mux := http.NewServeMux()
	page := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, body)
		}
	}
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ctx.Done():
		}
	}
	hijack := func(w http.ResponseWriter) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	mux.HandleFunc("/missing", status(404, "gone"))
	mux.HandleFunc("/broken", status(500, ""))
	mux.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(401)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/hang", hang)
	mux.HandleFunc("/image", hang)
	mux.HandleFunc("/slow", page(`<img src="/image">`))
	mux.HandleFunc("/slowstart", page(`<script>console.warn("START_RECORDING")</script><img src="/image">`))
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { hijack(w) })
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		if flaky.Add(1) == 1 {
			hang(w, r)
			return
		}
		page(`fine`)(w, r)
	})
	mux.HandleFunc("/redirected", page(`<script>location.replace("/fine")</script>`))
	mux.HandleFunc("/fine", page(`fine`))
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprint(w, "data")
	})
	mux.HandleFunc("/template", page(`<div class="error"> no room for averysecrettokenvalue </div>`))
	mux.HandleFunc("/hidden", page(`<div class="error" style="display:none">no room</div><div class="error"></div>`))
	mux.HandleFunc("/alert", page(`<script>alert("stop"); window.onbeforeunload = () => 1</script>fine`))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := hits.LoadOrStore(r.URL.Path, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
		mux.ServeHTTP(w, r)
	}))
	s.Start()
	t.Cleanup(func() {
		cancel()
		s.Close()
	})
	return s
}

// TestLoad has each way in which a page can fail told in the same words whether or not there is a gate.
func TestLoad(t *testing.T) {
	for name, gated := range map[string]bool{"direct": false, "gate": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLoad(t, gated)
		})
	}
}

func testLoad(t *testing.T, gated bool) {
	var hits sync.Map
	s := site(t, &hits)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	o := testOptions(t)
	o.Gate = gated
	b := launch(t, o)

	cases := []struct {
		url   string
		want  string // of the error, "" for none
		hits  int32  // 0: not looked at
		limit time.Duration
	}{
		{s.URL + "/fine", "", 1, 0},
		{s.URL + "/missing", "page load error: Not Found (404)", 1, 0},
		{s.URL + "/broken", "page load error: Internal Server Error (500)", 1, 0},
		{s.URL + "/login", "page load error: Unauthorized (401)", 1, 0},
		{"http://" + freePort(t) + "/", "page load error: net::ERR_CONNECTION_REFUSED", 0, 0},
		{"https://" + freePort(t) + "/", "page load error: net::ERR_CONNECTION_REFUSED", 0, 0},
		{"http://nowhere.invalid/", "page load error: net::ERR_NAME_NOT_RESOLVED", 0, 0},
		{"https://nowhere.invalid/", "page load error: net::ERR_NAME_NOT_RESOLVED", 0, 0},
		{s.URL + "/loop", "page load error: net::ERR_TOO_MANY_REDIRECTS", 0, 0},
		{tls.URL + "/", "page load error: net::ERR_CERT_AUTHORITY_INVALID", 0, 0},
		{s.URL + "/hang", "page load error: timed out after 1s (3 tries)", 0, time.Second},
		{s.URL + "/slow", "page load error: timed out after 1s (3 tries)", 0, time.Second},
		{s.URL + "/flaky", "", 2, 3 * time.Second},
		{s.URL + "/empty", "page load error: net::ERR_EMPTY_RESPONSE", 0, 0},
		{s.URL + "/redirected", "", 1, 0},
		{s.URL + "/file", "page load error: net::ERR_ABORTED", 0, 0},
		{s.URL + "/hidden", "", 1, 0},
		{s.URL + "/alert", "", 1, 0},
		{s.URL + "/template?token=averysecrettokenvalue", "template error: no room for [redacted]", 1, 0},
		{s.URL + "/slowstart", "", 1, 0}, // last: it starts the recording
	}
	for _, c := range cases {
		t.Run(strings.TrimPrefix(c.url, s.URL), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if c.limit == 0 {
				c.limit = limit
			}
			began := time.Now()
			err := b.page.load(ctx, c.url, 3, c.limit)
			t.Logf("after %v: %v", time.Since(began), err)
			if c.want == "" && err != nil {
				t.Fatal(err)
			}
			var pageErr *PageError
			if c.want != "" && (!errors.As(err, &pageErr) || err.Error() != c.want) {
				t.Errorf("error is %v, want %s", err, c.want)
			}
			path, _, _ := strings.Cut(strings.TrimPrefix(c.url, s.URL), "?")
			if n, ok := hits.Load(path); c.hits > 0 && (!ok || n.(*atomic.Int32).Load() != c.hits) {
				t.Errorf("asked %v times, want %d", n, c.hits)
			}
		})
	}
	select {
	case <-b.Failed():
		t.Error(b.Err())
	default:
	}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Video, o.Audio = false, false
	var mu sync.Mutex
	var lines []string
	o.Console = func(level, text string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, level+": "+text)
	}
	b := launch(t, o)
	url := serve(t, `<script>
		console.log("START_RECORDING now", ["START_RECORDING"], "END_RECORDING ");
		const audio = new AudioContext();
		const wait = setInterval(() => {
			if (audio.currentTime < 0.1) return; // the clock runs though nobody listens
			clearInterval(wait);
			console.error(7, null, undefined, "START_RECORDING");
			window.open("about:blank");
			console.info("\u00f6".repeat(5000));
			throw new Error("oh");
		}, 10);
		setTimeout(() => console.table("END_RECORDING"), 3000);
	</script>`)
	if err := b.Open(t.Context(), url, true); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.Started():
		t.Error("started by something like the signal")
	case <-b.Ended():
		t.Error("ended by something like the signal")
	default:
	}
	await(t, "start", b.Started())
	await(t, "end", b.Ended())
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(lines, "\n")
	for _, want := range []string{"error: 7 null undefined START_RECORDING", "exception: Error: oh", "table: END_RECORDING", "info: " + strings.Repeat("ö", consoleLimit/2) + "…\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("console lacks %q:\n%s", want, all)
		}
	}
	if err := b.Open(t.Context(), url, false); !errors.Is(err, errOpenTwice) {
		t.Errorf("second open: %v", err)
	}
}
