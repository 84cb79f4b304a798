package uploads

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/storage"
)

const nameGCP = "GCP"

// gcsStore is a bucket of Google Cloud Storage.
type gcsStore struct {
	target  GCSTarget
	base    string // URL of the API, without a slash at its end
	presign bool
	signer  *gcsSigner // nil = no key that could sign
	client  *storage.Client
	http    *http.Client // with the token in each request
	idle    func()       // closes idle connections
	part    int64        // bytes of a chunk; smaller files go up in one piece
	tries   fastTries
	log     *slog.Logger
}

var _ Store = (*gcsStore)(nil)

// gcsPart is the size of chunks: a multiple of 256 KiB, as Google wants them.
const gcsPart = 16 << 20

// openGCS is given waits and sizes that tests make small.
func openGCS(ctx context.Context, t GCSTarget, presign bool, log *slog.Logger, patience patience, part int64, tries fastTries) (*gcsStore, error) {
	s := &gcsStore{target: t, base: gcsBase(os.Getenv(gcsEmulator)), presign: presign, part: part, tries: tries, log: log}
	if err := s.connect(ctx, patience); err != nil {
		return nil, s.explain(err)
	}
	if presign && s.signer == nil {
		s.Close()
		// Told at once: after an hour of recording it would be told of each try.
		return nil, s.explain(fmt.Errorf("%w: presigned links need the key of a service account", errConfig))
	}
	return s, nil
}

func (s *gcsStore) Name() string { return nameGCP }

func (s *gcsStore) Close() {
	_ = s.client.Close() // it has no connections of its own
	s.idle()
}

// Put uploads a small file in one piece and a large one in chunks of one session. The store compares the CRC32C of the
// whole, and answers with size and CRC32C of what it has made: nothing needs to be read for that.
func (s *gcsStore) Put(ctx context.Context, o Object) error {
	return putFile(ctx, nameGCP, o, s.explain, func(f *os.File, info os.FileInfo) error {
		sum, err := crc32cOf(f, info.Size())
		if err != nil {
			return err
		}
		if info.Size() > s.part {
			return s.putChunks(ctx, o, f, info, sum)
		}
		return s.tries.do(ctx, gcsAgain, func() error { return s.putWhole(ctx, o, f, info.Size(), sum) })
	})
}

func crc32cOf(r io.ReaderAt, size int64) (uint32, error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(sum, io.NewSectionReader(r, 0, size))
	if err != nil {
		return 0, err
	}
	if n != size {
		return 0, io.ErrUnexpectedEOF
	}
	return sum.Sum32(), nil
}

func (s *gcsStore) putWhole(ctx context.Context, o Object, f io.ReaderAt, size int64, sum uint32) error {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp() // a Writer that is not closed ends with its ctx, and makes no object
	w := s.client.Bucket(s.target.Bucket).Object(o.Key).NewWriter(ctx)
	w.ChunkSize = 0
	w.ContentType = o.ContentType
	w.CRC32C, w.SendCRC32C = sum, true
	if _, err := io.Copy(w, io.NewSectionReader(f, 0, size)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return confirmGCS(w.Attrs().Size, size, w.Attrs().CRC32C, sum)
}

func confirmGCS(has, size int64, hasSum, sum uint32) error {
	switch {
	case has != size:
		return fmt.Errorf("%w: the store has %d bytes of %d", errUnconfirmed, has, size)
	case hasSum != sum:
		return fmt.Errorf("%w: the store has other bytes", errUnconfirmed)
	}
	return nil
}

// Probe begins a resumable upload and takes it back: that needs the same permission as putting an object, and makes
// none.
func (s *gcsStore) Probe(ctx context.Context, key string) error {
	session, err := s.begin(ctx, Object{Key: key}, 0, 0)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return s.explain(err)
	}
	if err := s.takeBack(ctx, session); err != nil {
		s.log.Warn("the probe's upload could not be taken back; the store forgets it in a week", "key", key, "error", s.explain(err))
	}
	return nil
}

// Locate is the public form of the object's URL, or a presigned link.
func (s *gcsStore) Locate(_ context.Context, key string) (string, error) {
	if !s.presign {
		return "https://" + s.target.Bucket + ".storage.googleapis.com/" + key, nil
	}
	link, err := s.client.Bucket(s.target.Bucket).SignedURL(key, &storage.SignedURLOptions{
		GoogleAccessID: s.signer.account, PrivateKey: s.signer.key, Scheme: storage.SigningSchemeV4,
		Method: http.MethodGet, Expires: time.Now().Add(presignedFor), Insecure: strings.HasPrefix(s.base, "http://"), // an emulator's
	})
	if err != nil {
		return "", s.explain(errors.Join(errConfig, err))
	}
	return link, nil
}
