package outputs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	// dialTimeout bounds name, TCP and TLS together: a lost SYN is sent again after one and three seconds.
	dialTimeout = 5 * time.Second
	// sendBuffer is what the kernel may hold for the server, doubled: half a second at 4 Mb/s, and enough for 6 Mb/s
	// over 300 ms.
	sendBuffer = 256 << 10
)

// dialStream connects to an RTMP server. conn is what to write to, tcp the connection under it. The error is a
// *StreamError.
func dialStream(ctx context.Context, u StreamURL, roots *x509.CertPool) (conn net.Conn, tcp *net.TCPConn, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", u.Address)
	if err != nil {
		return nil, nil, &StreamError{FaultConnect, err}
	}
	tcp = raw.(*net.TCPConn)
	_ = tcp.SetWriteBuffer(sendBuffer)
	if !u.TLS {
		return tcp, tcp, nil
	}
	secure := tls.Client(tcp, &tls.Config{ServerName: u.ServerName, RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = tcp.Close()
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) {
			return nil, nil, &StreamError{FaultCertificate, untrusted.Err}
		}
		return nil, nil, &StreamError{FaultTLS, fmt.Errorf("%s: %w", u.Address, err)}
	}
	return secure, tcp, nil
}
