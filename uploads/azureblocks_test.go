package uploads

import (
	"crypto/md5"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
)

// blockNumber is that of a block's id, 0 if it is none.
func blockNumber(id string) int {
	plain, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return 0
	}
	number, _, _ := strings.Cut(string(plain), "-")
	n, _ := strconv.Atoi(number)
	return n
}

// TestBlockID: one length for all, within Azure's 64 bytes, and another id for other content.
func TestBlockID(t *testing.T) {
	a, b := md5.Sum([]byte("a")), md5.Sum([]byte("b"))
	first, last := blockID(1, a[:]), blockID(maxParts, a[:])
	if len(first) != len(last) || blockNumber(first) != 1 || blockNumber(last) != maxParts {
		t.Errorf("%q, %q", first, last)
	}
	if plain, err := base64.StdEncoding.DecodeString(last); err != nil || len(plain) > 64 {
		t.Errorf("%d bytes, %v", len(plain), err)
	}
	if blockID(1, b[:]) == first {
		t.Error("other content has the same id")
	}
}
