package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// netFault is why something on the network cannot be reached.
type netFault struct {
	found  string
	remedy string // "" = that of the caller
}

const alert = "remote error: tls: "

// faultOf tells DNS, refusal, silence and TLS apart; ok is false for anything else.
func faultOf(err error, patience time.Duration) (netFault, bool) {
	var (
		dns       *net.DNSError
		addr      *net.AddrError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		plain     tls.RecordHeaderError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return netFault{fmt.Sprintf("DNS knows no host %q", dns.Name), "correct the host name, or the resolver in /etc/resolv.conf"}, true
	case errors.As(err, &dns):
		return netFault{fmt.Sprintf("DNS does not answer for %q", dns.Name), "correct the resolver in /etc/resolv.conf"}, true
	case errors.As(err, &addr):
		return netFault{fmt.Sprintf("%q is no address: %s", addr.Addr, addr.Err), "write host:port"}, true
	case errors.As(err, &authority):
		return netFault{"TLS: the certificate is signed by an authority that is not known here", ""}, true
	case errors.As(err, &host):
		return netFault{"TLS: " + host.Error(), ""}, true
	case errors.As(err, &invalid):
		return netFault{"TLS: " + invalid.Error(), "renew the certificate, or set this machine's clock"}, true
	// net/http tells it by a text of its own.
	case errors.As(err, &plain), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return netFault{"TLS: what answers does not speak TLS", ""}, true
	// The type of an alert that was received is crypto/tls's own.
	case strings.Contains(err.Error(), alert):
		_, why, _ := strings.Cut(oneLine(err), alert)
		return netFault{"TLS: the server refuses: " + why, ""}, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return netFault{"connection refused", ""}, true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return netFault{"there is no route to it", "look at this machine's network"}, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return netFault{"it closed the connection without an answer", ""}, true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return netFault{fmt.Sprintf("no answer within %v", patience), "look at firewalls on the way"}, true
	}
	return netFault{}, false
}
