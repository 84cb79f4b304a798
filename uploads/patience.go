package uploads

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// patience is what a store that says nothing is given.
type patience struct {
	still time.Duration // a connection may stand still for so long
	once  bool          // a call that met silence is not tried again at once
}

var (
	// patient is for the only store, or the last one. Some put a large object together for most of a minute before they
	// answer.
	patient = patience{still: time.Minute}
	// hasty is for a store that has a backup.
	hasty = patience{still: 20 * time.Second, once: true}
)

// wrap marks silence, if it is waited for once only.
func (p patience) wrap(t *http.Transport) http.RoundTripper {
	if !p.once {
		return t
	}
	return hastyTransport{t}
}

type hastyTransport struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (t hastyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.Body == nil || r.Body == http.NoBody) {
		// net/http repeats these by itself when a connection that it has used before breaks, and silence breaks it. It does
		// not repeat what has a body, which it finds empty before it sends it.
		r = r.Clone(r.Context())
		r.Body, r.GetBody = emptyBody{}, nil
	}
	res, err := t.Transport.RoundTrip(r)
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() && r.Context().Err() == nil {
		err = silence{err}
	}
	return res, err
}

type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

// silence is an error after which neither fastTries nor the libraries of Amazon and Azure repeat a call: they look for
// these methods.
type silence struct{ error }

func (s silence) Unwrap() error      { return s.error }
func (silence) RetryableError() bool { return false }
func (silence) NonRetriable()        {}

func wasSilent(err error) bool {
	_, silent := errors.AsType[silence](err)
	return silent
}
