package uploads

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// proxyPassword is what a proxy is told by user and pass-of-proxy.
var proxyPassword = "Basic " + base64.StdEncoding.EncodeToString([]byte("user:pass-of-proxy"))

// startProxy is an HTTP proxy that knows store.example, and what it was told of who asks.
func startProxy(t *testing.T, store string) (address string, told func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Header.Get("Proxy-Authorization"))
		mu.Unlock()
		to := "http://" + r.URL.Host
		if r.URL.Host == "store.example" {
			to = store
		}
		out, err := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.RequestURI(), r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		out.Header, out.ContentLength = r.Header.Clone(), r.ContentLength
		out.Header.Del("Proxy-Authorization")
		res, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		for k, v := range res.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}))
	t.Cleanup(func() {
		proxy.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return proxy.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func TestGCSProxy(t *testing.T) {
	server := startGCS(t)
	proxy, told := startProxy(t, server.URL())
	t.Setenv(gcsEmulator, "http://store.example")
	target := GCSTarget{
		Bucket: "recordings", Credentials: account(t, giveToken),
		Proxy: &Proxy{URL: proxy, Username: "user", Password: "pass-of-proxy"},
	}
	path, content := fileOf(t, 10)
	if err := openTestGCS(t, false, target).Put(t.Context(), Object{Key: "x.mp4", File: path}); err != nil {
		t.Fatal(err)
	}
	if got, err := server.Read("recordings", "x.mp4"); err != nil || string(got) != string(content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if seen := told(); !slices.Contains(seen, proxyPassword) {
		t.Errorf("the proxy was told %q", seen)
	}
	target.Proxy.URL = "http://127.0.0.1:1"
	if err := openTestGCS(t, false, target).Probe(t.Context(), "x"); err == nil || strings.Contains(err.Error(), "pass-of-proxy") {
		t.Errorf("without the proxy: %v", err)
	}
}
