package uploads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// subject is a store under the conformance suite, with what the suite cannot know of it.
type subject struct {
	store Store
	// key makes a key of this store's of a name.
	key func(name string) string
	// read is the object's content, an error if there is none.
	read func(t *testing.T, key string) ([]byte, error)
	// objects is how many there are, and how much half-made is left beside them.
	objects func(t *testing.T) (whole, left int)
}

// conform is the suite that every store passes.
func conform(t *testing.T, s subject) {
	t.Run("sizes", func(t *testing.T) { conformSizes(t, s) })
	t.Run("keys", func(t *testing.T) { conformKeys(t, s) })
	t.Run("replace", func(t *testing.T) { conformReplace(t, s) })
	t.Run("probe", func(t *testing.T) { conformProbe(t, s) })
	t.Run("cancel", func(t *testing.T) { conformCancel(t, s) })
	t.Run("lost", func(t *testing.T) { conformLost(t, s) })
	t.Run("many", func(t *testing.T) { conformMany(t, s, 300) })
}

// testPart is small, so that small files have several parts.
const testPart = 64 << 10

// fileOf makes a local file of random bytes.
func fileOf(t *testing.T, size int) (path string, content []byte) {
	t.Helper()
	content = make([]byte, size)
	fill := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)})
	_, _ = fill.Read(content)
	path = filepath.Join(t.TempDir(), "local file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, content
}

func (s subject) want(t *testing.T, key string, content []byte) {
	t.Helper()
	got, err := s.read(t, key)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%q: %d bytes, %v, want %d bytes", key, len(got), err, len(content))
	}
}

func conformSizes(t *testing.T, s subject) {
	for _, size := range []int{0, 1, testPart - 1, testPart, testPart + 1, 2 * testPart, 7*testPart + 13} {
		path, content := fileOf(t, size)
		key := s.key(fmt.Sprintf("sizes/%d.mp4", size))
		if err := s.store.Put(t.Context(), Object{Key: key, File: path, ContentType: "video/mp4"}); err != nil {
			t.Errorf("%d bytes: %v", size, err)
			continue
		}
		s.want(t, key, content)
		if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, content) {
			t.Errorf("%d bytes: the local file is not as it was: %v", size, err)
		}
	}
}

func conformKeys(t *testing.T, s subject) {
	for _, name := range []string{
		"plain.mp4", "a/b/c/deep.mp4", "räume/会議 42.mp4", "emoji-🎥.ogg", "space and+plus.mp4", "per%20cent%.mp4",
		"q?uery=1&x=#frag.mp4", "quote'\"<>.mp4", "semi;colon:,@=.mp4", strings.Repeat("long", 40) + ".mp4",
	} {
		path, content := fileOf(t, 100)
		key := s.key(name)
		if err := s.store.Put(t.Context(), Object{Key: key, File: path, ContentType: "video/mp4"}); err != nil {
			t.Errorf("%q: %v", key, err)
			continue
		}
		s.want(t, key, content)
		if location, err := s.store.Locate(t.Context(), key); err != nil || !strings.HasSuffix(location, key) {
			t.Errorf("%q is at %q, %v", key, location, err)
		}
	}
}

func conformReplace(t *testing.T, s subject) {
	key := s.key("replace.m3u8")
	for _, size := range []int{5 * testPart, 10} {
		path, content := fileOf(t, size)
		if err := s.store.Put(t.Context(), Object{Key: key, File: path}); err != nil {
			t.Fatal(err)
		}
		s.want(t, key, content)
	}
}

func conformProbe(t *testing.T, s subject) {
	before, left := s.objects(t)
	if err := s.store.Probe(t.Context(), s.key("probe/räume.mp4")); err != nil {
		t.Error(err)
	}
	if after, now := s.objects(t); after != before || now != left {
		t.Errorf("%d objects and %d half-made after the probe, %d and %d before", after, now, before, left)
	}
}

func conformCancel(t *testing.T, s subject) {
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	path, _ := fileOf(t, 3*testPart)
	key := s.key("cancelled.mp4")
	if err := s.store.Put(ctx, Object{Key: key, File: path}); !errors.Is(err, why) {
		t.Errorf("%v, want the cause of ctx", err)
	}
	if got, err := s.read(t, key); err == nil {
		t.Errorf("an object of %d bytes after a cancelled Put", len(got))
	}
}

func conformLost(t *testing.T, s subject) {
	err := s.store.Put(t.Context(), Object{Key: s.key("lost.mp4"), File: filepath.Join(t.TempDir(), "none")})
	if ClassOf(err) != Lost || !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), s.store.Name()+" upload failed: ") {
		t.Errorf("%v (%v)", err, ClassOf(err))
	}
}

// conformMany puts many small objects, several at once.
func conformMany(t *testing.T, s subject, n int) {
	path, content := fileOf(t, 200)
	var wg sync.WaitGroup
	work := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range work {
				if err := s.store.Put(t.Context(), Object{Key: s.key(fmt.Sprintf("many/%05d.jpeg", i)), File: path}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	for i := range n {
		s.want(t, s.key(fmt.Sprintf("many/%05d.jpeg", i)), content)
	}
}

func TestLocalConforms(t *testing.T) {
	dir := t.TempDir()
	conform(t, subject{
		store: localStore{},
		key:   func(name string) string { return filepath.Join(dir, name) },
		read:  func(_ *testing.T, key string) ([]byte, error) { return os.ReadFile(key) },
		objects: func(t *testing.T) (whole, left int) {
			err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				switch {
				case err != nil || d.IsDir():
				case strings.HasPrefix(d.Name(), ".ffegress-"):
					left++
				default:
					whole++
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return whole, left
		},
	})
}

func TestLocalErrors(t *testing.T) {
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path, _ := fileOf(t, 10)
	for _, key := range []string{filepath.Join(inTheWay, "x.mp4"), dir, ""} {
		put, probe := localStore{}.Put(t.Context(), Object{Key: key, File: path}), localStore{}.Probe(t.Context(), key)
		for _, err := range []error{put, probe} {
			if ClassOf(err) != Invalid || err == nil || !strings.HasPrefix(err.Error(), "Local upload failed: ") {
				t.Errorf("%q: %v (%v)", key, err, ClassOf(err))
			}
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
