package uploads

import (
	"context"
	"errors"
	"net"
	"testing"
)

func TestPathStyle(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", IsNotFound: true}
	refused := errors.New("refused")
	for _, c := range []struct {
		endpoint, bucket      string
		lookup, virtual, path error
		want                  bool
	}{
		{"http://127.0.0.1:9000", "b", nil, nil, nil, true},
		{"http://[::1]:9000", "b", nil, nil, nil, true},
		{"http://localhost:9000", "b", nil, nil, nil, true},
		{"http://minio:9000", "b", nil, nil, nil, true},
		{"https://s3.example.com", "with.dots", nil, nil, nil, true},
		{"http://s3.example.com", "with.dots", nil, nil, nil, false},
		{"https://s3.example.com", "Upper_case", nil, nil, nil, true},
		{"https://b.s3.example.com", "b", notFound, refused, nil, false},
		{"https://minio.example.com", "b", notFound, nil, nil, true},
		{"https://spaces.example.com", "b", nil, nil, nil, false},
		{"https://wildcard.example.com", "b", nil, refused, nil, true},
		{"https://writeonly.example.com", "b", nil, refused, refused, false},
		{"https://no-dns-now.example.com", "b", refused, nil, nil, false},
	} {
		base, err := endpointURL(c.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		got := wantsPathStyle(t.Context(), base, c.bucket, styleTrial{
			lookup: func(_ context.Context, host string) error {
				if host != c.bucket+"."+base.Hostname() {
					t.Errorf("looked up %s", host)
				}
				return c.lookup
			},
			head: func(_ context.Context, path bool) error {
				if path {
					return c.path
				}
				return c.virtual
			},
		})
		if got != c.want {
			t.Errorf("%s, bucket %s: path style %v", c.endpoint, c.bucket, got)
		}
	}
}

func TestLocation(t *testing.T) {
	for _, c := range []struct {
		target S3Target
		key    string
		want   string
	}{
		{S3Target{Bucket: "b"}, "a/x.mp4", "https://b.s3.amazonaws.com/a/x.mp4"},
		{S3Target{Bucket: "b", PathStyle: true}, "x.mp4", "https://s3.amazonaws.com/b/x.mp4"},
		{S3Target{Bucket: "b", Endpoint: "http://127.0.0.1:9000", PathStyle: true}, "x.mp4", "https://127.0.0.1:9000/b/x.mp4"},
		{S3Target{Bucket: "b", Endpoint: "https://fra1.example.com/"}, "räume/x.mp4", "https://b.fra1.example.com/räume/x.mp4"},
		{S3Target{Bucket: "b", Endpoint: "fra1.example.com"}, "x.mp4", "https://b.fra1.example.com/x.mp4"},
	} {
		if got := c.target.location(c.key); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	for _, bad := range []string{"ftp://x", "http://", "://", "http://%zz"} {
		if _, err := endpointURL(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestPartSize(t *testing.T) {
	for _, c := range []struct{ size, smallest, want int64 }{
		{9 << 20, 8 << 20, 8 << 20},
		{6 << 30, 8 << 20, 8 << 20},
		{100 << 30, 8 << 20, 12 << 20},
		{5 << 40, 8 << 20, 583 << 20},
	} {
		got := partSize(c.size, c.smallest)
		u := upload{Part: got, Size: c.size}
		if got != c.want || u.parts() > 10000 {
			t.Errorf("%d bytes in %d parts of %d, want %d", c.size, u.parts(), got, c.want)
		}
	}
}
