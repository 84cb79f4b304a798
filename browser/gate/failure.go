package gate

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// maxFailures bounds what is remembered of a page that asks for many hosts.
const maxFailures = 256

// failures are the endpoints that could not be reached when they were asked for last.
type failures struct {
	mu sync.Mutex
	at map[string]error
}

// keep remembers why an endpoint was not reached; false when that is known.
func (f *failures) keep(endpoint string, why error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.at[endpoint]; known != nil && known.Error() == why.Error() {
		return false
	}
	if f.at == nil || len(f.at) == maxFailures {
		f.at = map[string]error{}
	}
	f.at[endpoint] = why
	return true
}

func (f *failures) forget(endpoint string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.at, endpoint)
}

// Failure tells why an endpoint ("host:port", see [Endpoint]) was not reached when it was last asked for; nil if it
// was. What is not the policy's has the name that Chromium has for it.
func (g *Gate) Failure(endpoint string) error {
	g.failures.mu.Lock()
	defer g.failures.mu.Unlock()
	return g.failures.at[endpoint]
}

// Chromium's names of what can go wrong with a connection.
var (
	errNotResolved = errors.New("net::ERR_NAME_NOT_RESOLVED")
	errNoOneThere  = errors.New("net::ERR_CONNECTION_REFUSED")
	errTimedOut    = errors.New("net::ERR_CONNECTION_TIMED_OUT")
	errUnreachable = errors.New("net::ERR_ADDRESS_UNREACHABLE")
	errReset       = errors.New("net::ERR_CONNECTION_RESET")
	errEmpty       = errors.New("net::ERR_EMPTY_RESPONSE")
	errBadAnswer   = errors.New("net::ERR_INVALID_HTTP_RESPONSE")
	errNoProxy     = errors.New("net::ERR_PROXY_CONNECTION_FAILED")
)

func isRefusal(err error) bool { return errors.Is(err, ErrRefused) }

// explain is an error as it is told: the policy's own, or by Chromium's name, which has no address in it.
func explain(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case isRefusal(err):
		for {
			inner := errors.Unwrap(err)
			if inner == nil || !isRefusal(inner) || inner == ErrRefused {
				return err
			}
			err = inner
		}
	case errors.Is(err, errUpstream):
		return errNoProxy
	case errors.As(err, &dns):
		return errNotResolved
	case errors.Is(err, syscall.ECONNREFUSED):
		return errNoOneThere
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return errUnreachable
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return errTimedOut
	case errors.As(err, &op) && op.Timeout():
		return errTimedOut
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errReset
	case errors.Is(err, io.EOF):
		return errEmpty
	}
	return errBadAnswer
}
