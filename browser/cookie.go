package browser

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
)

const (
	familyWild = 0xffff // any host, and with an empty number any display
	cookieName = "MIT-MAGIC-COOKIE-1"
	cookieSize = 16
)

// writeCookie makes an Xauthority file that serves both as the server's -auth
// and as the clients' XAUTHORITY. It is written before the display's number is
// known, and makes a client that meets another server fail instead of
// recording the wrong screen.
func writeCookie(path string) (secret []byte, err error) {
	secret = make([]byte, cookieSize)
	_, _ = rand.Read(secret) // never fails
	if err := os.WriteFile(path, cookieRecord(secret), 0o600); err != nil {
		return nil, fmt.Errorf("write display cookie: %w", err)
	}
	return secret, nil
}

// cookieRecord encodes one Xauthority record: family, then address, display
// number, name and data, each with a 16 bit length, big endian.
func cookieRecord(secret []byte) []byte {
	var b bytes.Buffer
	put := func(field []byte) {
		b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(field))))
		b.Write(field)
	}
	b.Write(binary.BigEndian.AppendUint16(nil, familyWild))
	put(nil)
	put(nil)
	put([]byte(cookieName))
	put(secret)
	return b.Bytes()
}
