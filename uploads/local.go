package uploads

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const nameLocal = "Local"

// localStore is this machine: a key is a path, and a location the same path made absolute.
type localStore struct{}

var _ Store = localStore{}

func (localStore) Name() string { return nameLocal }
func (localStore) Close()       {}

// Put copies the file into a temporary beside its place, reads it back, and renames it there.
func (s localStore) Put(ctx context.Context, o Object) error {
	target, err := s.Locate(ctx, o.Key)
	if err != nil {
		return err
	}
	if err := s.put(ctx, o.File, target); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return localError(err)
	}
	return nil
}

func (localStore) put(ctx context.Context, from, target string) (err error) {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a regular file", errNotFile, target)
	}
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("%w: %w", errSource, err)
	}
	defer in.Close()
	out, err := os.CreateTemp(dir, ".ffegress-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(out, sum), contextReader{ctx, in})
	if err == nil {
		err = errors.Join(out.Chmod(0o644), out.Sync())
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := confirmCopy(ctx, out.Name(), size, sum.Sum(nil)); err != nil {
		return err
	}
	if err := os.Rename(out.Name(), target); err != nil {
		return err
	}
	return syncDir(dir)
}

// confirmCopy reads a copy back.
func confirmCopy(ctx context.Context, path string, size int64, sum []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	again := sha256.New()
	n, err := io.Copy(again, contextReader{ctx, f})
	if err != nil {
		return err
	}
	if n != size || string(again.Sum(nil)) != string(sum) {
		return fmt.Errorf("the copy of %d bytes differs", n)
	}
	return nil
}

// Probe makes and removes an empty hidden file.
func (s localStore) Probe(ctx context.Context, key string) error {
	target, err := s.Locate(ctx, key)
	if err != nil {
		return err
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return localError(err)
	}
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return localError(fmt.Errorf("%w: %s is not a regular file", errNotFile, target))
	}
	f, err := os.CreateTemp(dir, ".ffegress-*")
	if err != nil {
		return localError(err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return localError(err)
	}
	return nil
}

func (localStore) Locate(_ context.Context, key string) (string, error) {
	if key == "" {
		return "", &Error{Store: nameLocal, Class: Invalid, Reason: "no path is named"}
	}
	path, err := filepath.Abs(key)
	if err != nil {
		return "", localError(err)
	}
	return path, nil
}

var (
	errNotFile = errors.New("not a file")
	errSource  = errors.New("the recording")
)

func localError(err error) *Error {
	e := &Error{Store: nameLocal, Reason: err.Error(), Err: err}
	switch {
	case errors.Is(err, errSource):
		e.Class = Lost
	case errors.Is(err, iofs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Class = Refused
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Class = Full
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EISDIR), errors.Is(err, errNotFile):
		e.Class = Invalid
	}
	return e
}

// contextReader ends with its ctx.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// syncDir makes creates, renames and removes in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
