package uploads

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
)

// keyFile is where a key is kept that no secret of the configuration gives.
const keyFile = ".key"

// ErrSealed means that something was sealed with another key, or changed since.
var ErrSealed = errors.New("sealed with another api_secret, or damaged")

// Sealer encrypts what must not be readable on disk.
type Sealer struct{ aead cipher.AEAD }

// NewSealer derives the key from a secret (HKDF-SHA256, AES-256-GCM). Without a secret the key is a random one kept in
// dir, made 0600 the first time.
func NewSealer(secret, dir string) (*Sealer, error) {
	material := []byte(secret)
	if secret == "" {
		var err error
		if material, err = randomKey(dir); err != nil {
			return nil, fmt.Errorf("key of sealed records: %w", err)
		}
	}
	key, err := hkdf.Key(sha256.New, material, nil, "ffegress sealed record v1", 32)
	if err != nil {
		return nil, fmt.Errorf("key of sealed records: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of sealed records: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key of sealed records: %w", err)
	}
	return &Sealer{aead}, nil
}

// randomKey reads the key in dir, which it makes if there is none. Two processes that do so at once get the same one.
func randomKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	key, err := os.ReadFile(path)
	if !errors.Is(err, iofs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	temporary, err := os.CreateTemp(dir, keyFile+"-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(key)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, iofs.ErrExist) {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Seal encrypts; what it is about must be said again to open it.
func (s *Sealer) Seal(plain []byte, about string) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return s.aead.Seal(nonce, nonce, plain, []byte(about))
}

// Open decrypts what Seal made. Its error wraps ErrSealed.
func (s *Sealer) Open(sealed []byte, about string) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, fmt.Errorf("open %s: %w", about, ErrSealed)
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(about))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", about, ErrSealed)
	}
	return plain, nil
}
