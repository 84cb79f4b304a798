package uploads

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const dialTimeout = 10 * time.Second

// transportOptions give a transport a proxy and an end to standing still.
func transportOptions(proxy *Proxy, patience patience) (func(*http.Transport), error) {
	through := http.ProxyFromEnvironment
	if proxy != nil && proxy.URL != "" {
		u, err := url.Parse(proxy.URL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%w: the proxy's url is wrong", errConfig)
		}
		if proxy.Username != "" || proxy.Password != "" {
			u.User = url.UserPassword(proxy.Username, proxy.Password)
		}
		through = http.ProxyURL(u)
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: limitAhead}
	return func(t *http.Transport) {
		t.Proxy = through
		t.MaxIdleConnsPerHost = perStore * partsAtOnce
		t.IdleConnTimeout = 30 * time.Second
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return newPatientConn(conn, patience.still), nil
		}
	}, nil
}

// webClient is a client with the transport that the SDK has made, AWS_CA_BUNDLE included: its own cannot be closed. A
// redirect would lose the request's signature; the SDK reads where it points to.
func webClient(made *awshttp.BuildableClient, patience patience) *http.Client {
	return &http.Client{
		Transport:     patience.wrap(made.GetTransport()),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// plainClient is a client for stores whose library takes any. It follows no redirect: none of them has any.
func plainClient(proxy *Proxy, patience patience) (*http.Client, error) {
	options, err := transportOptions(proxy, patience)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	options(transport)
	return &http.Client{
		Transport:     patience.wrap(transport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
