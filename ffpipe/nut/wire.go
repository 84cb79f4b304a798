package nut

import (
	"encoding/binary"
	"fmt"
	"io"
)

// ErrFormat is wrapped by every error that is about the bytes and not about reading them.
var ErrFormat = fmt.Errorf("nut: invalid data")

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrFormat, what) }

// byteReader is what a packet's header and the stream of frames are both read from.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// vlc reads an unsigned number: seven bits a byte, the highest first, all bytes but the last with the top bit set.
func vlc(r byteReader) (uint64, error) {
	v := uint64(0)
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if v >= 1<<57 {
			return 0, invalid("a number of more than 64 bits")
		}
		v = v<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return v, nil
		}
	}
}

// small reads a number that may be no more than limit.
func small(r byteReader, limit uint64, what string) (int, error) {
	v, err := vlc(r)
	if err == nil && v > limit {
		err = invalid(what)
	}
	return int(v), err
}

// signed reads a signed number: 0, 1, −1, 2, …
func signed(r byteReader) (int64, error) {
	v, err := vlc(r)
	v++
	if v&1 != 0 {
		return -int64(v >> 1), err
	}
	return int64(v >> 1), err
}

// blob reads a counted string of bytes.
func blob(r byteReader, limit uint64) ([]byte, error) {
	n, err := small(r, limit, "a string too long")
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}

func uint32Of(r byteReader) (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(r, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// skip reads n bytes and forgets them.
func skip(r byteReader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return err
}
