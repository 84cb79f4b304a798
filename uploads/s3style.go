package uploads

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// styleWait bounds how long finding out about an endpoint's addressing may take.
const styleWait = 5 * time.Second

// styleTrial are the two questions that a network can be asked about an endpoint.
type styleTrial struct {
	lookup func(ctx context.Context, host string) error
	head   func(ctx context.Context, path bool) error // of the bucket
}

// wantsPathStyle tells whether an endpoint needs the bucket in the path: where bucket.host is no possible name, where
// it does not exist, or where the bucket answers under its path only.
func wantsPathStyle(ctx context.Context, endpoint *url.URL, bucket string, try styleTrial) bool {
	host := endpoint.Hostname()
	_, notIP := netip.ParseAddr(host)
	switch {
	case notIP == nil, host == "localhost", !strings.Contains(host, "."), !isLabel(bucket):
		return true
	case strings.Contains(bucket, ".") && endpoint.Scheme == "https":
		return true // no certificate is for names two levels down
	case strings.HasPrefix(host, bucket+"."):
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, styleWait)
	defer cancel()
	missing := &net.DNSError{}
	if err := try.lookup(ctx, bucket+"."+host); errors.As(err, &missing) && missing.IsNotFound {
		return true
	}
	if try.head(ctx, false) == nil {
		return false
	}
	return try.head(ctx, true) == nil
}

// isLabel tells that a bucket's name can stand in a host name.
func isLabel(bucket string) bool {
	if len(bucket) > 63 || strings.HasPrefix(bucket, "-") || strings.HasSuffix(bucket, "-") {
		return false
	}
	return !strings.ContainsFunc(bucket, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// endpointURL is the endpoint as a URL; https if it does not say.
func endpointURL(endpoint string) (*url.URL, error) {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(strings.TrimSuffix(endpoint, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: want an http:// or https:// endpoint", errConfig)
	}
	u.User = nil
	return u, nil
}

// endpointHost is what of an endpoint may be shown and stands in locations.
func endpointHost(endpoint string) string {
	u, err := endpointURL(endpoint)
	if err != nil {
		return "an invalid endpoint"
	}
	return u.Host + u.Path
}

// location is the URL of an object, with https whatever the endpoint says, as LiveKit Egress tells it.
func (t *S3Target) location(key string) string {
	host := "s3.amazonaws.com"
	if t.Endpoint != "" {
		host = endpointHost(t.Endpoint)
	}
	if t.PathStyle {
		return "https://" + host + "/" + t.Bucket + "/" + key
	}
	return "https://" + t.Bucket + "." + host + "/" + key
}
