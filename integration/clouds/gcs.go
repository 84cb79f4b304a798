package clouds

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// GCS is an emulator of Google Cloud Storage. It asks for no credentials, compares no checksum of what comes in several
// chunks, and takes the question how much of an upload has arrived for its end.
type GCS struct {
	*emulator
	open *atomic.Int64
}

// StartGCS runs one with a bucket; objects are in its memory.
func StartGCS(bucket string) (*GCS, error) {
	program, err := cached("bin", "fake-gcs-server")
	if err != nil {
		return nil, err
	}
	var open atomic.Int64
	e, err := start(program, func(port string) []string {
		return []string{"-scheme", "http", "-host", "127.0.0.1", "-port", port, "-backend", "memory", "-log-level", "error", "-public-host", "127.0.0.1"}
	}, func(res *http.Response) error {
		open.Add(change(res))
		return nil
	})
	if err != nil {
		return nil, err
	}
	g := &GCS{e, &open}
	body, err := json.Marshal(map[string]string{"name": bucket})
	if err == nil {
		var res *http.Response
		if res, err = http.Post(g.direct+"/storage/v1/b", "application/json", strings.NewReader(string(body))); err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				err = fmt.Errorf("create bucket: %s", res.Status)
			}
		}
	}
	if err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// change is what an answer makes of the number of resumable uploads that are neither complete nor taken back.
func change(res *http.Response) int64 {
	r := res.Request
	begun := r.URL.Query().Has("upload_id")
	switch {
	case !begun && r.URL.Query().Get("uploadType") == "resumable" && res.StatusCode == http.StatusOK:
		return 1
	case begun && (res.StatusCode == http.StatusOK || r.Method == http.MethodDelete && res.StatusCode == 499):
		return -1
	}
	return 0
}

// Sessions is how many resumable uploads are neither complete nor taken back.
func (g *GCS) Sessions() int { return int(g.open.Load()) }

// Read is an object's content.
func (g *GCS) Read(bucket, key string) ([]byte, error) {
	return g.get("/storage/v1/b/" + url.PathEscape(bucket) + "/o/" + url.PathEscape(key) + "?alt=media")
}

// Keys are the keys of all objects in a bucket.
func (g *GCS) Keys(bucket string) ([]string, error) {
	var keys []string
	for page := ""; ; {
		body, err := g.get("/storage/v1/b/" + url.PathEscape(bucket) + "/o?pageToken=" + url.QueryEscape(page))
		if err != nil {
			return nil, err
		}
		var list struct {
			Items         []struct{ Name string }
			NextPageToken string
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return nil, err
		}
		for _, i := range list.Items {
			keys = append(keys, i.Name)
		}
		if page = list.NextPageToken; page == "" {
			return keys, nil
		}
	}
}

func (g *GCS) get(path string) ([]byte, error) {
	res, err := http.Get(g.direct + path)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", res.Status, body)
	}
	return body, err
}
