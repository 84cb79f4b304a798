package uploads

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

const nameAliOSS = "AliOSS"

// ossStore is a bucket of Alibaba Cloud's object storage.
type ossStore struct {
	target  AliOSSTarget
	presign bool
	bucket  *oss.Bucket
	http    *http.Client
	part    int64 // bytes of a part, at least; smaller files go up in one piece
	tries   fastTries
	log     *slog.Logger
}

var _ Store = (*ossStore)(nil)

// openAliOSS is given waits and sizes that tests make small.
func openAliOSS(t AliOSSTarget, presign bool, log *slog.Logger, patience patience, part int64, tries fastTries) (*ossStore, error) {
	s := &ossStore{target: t, presign: presign, part: part, tries: tries, log: log}
	if err := s.connect(patience); err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *ossStore) connect(patience patience) error {
	base, err := endpointURL(s.target.Endpoint)
	if err != nil {
		return err
	}
	if s.http, err = plainClient(nil, patience); err != nil {
		return err
	}
	client, err := oss.New(base.String(), s.target.AccessKey, s.target.Secret, oss.HTTPClient(s.http))
	if err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	if s.bucket, err = client.Bucket(s.target.Bucket); err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	return nil
}

func (s *ossStore) Name() string { return nameAliOSS }
func (s *ossStore) Close()       { s.http.CloseIdleConnections() }

// Put uploads a small file in one piece and a large one in parts. Every piece goes with its MD5, which the store
// compares; at the end the object's size is asked for, where that is allowed.
func (s *ossStore) Put(ctx context.Context, o Object) error {
	return putFile(ctx, nameAliOSS, o, s.explain, func(f *os.File, info os.FileInfo) (err error) {
		if info.Size() <= s.part {
			err = s.tries.do(ctx, ossAgain, func() error { return s.putWhole(ctx, o, f, info.Size()) })
		} else {
			err = s.putParts(ctx, o, f, info)
		}
		if err != nil {
			return err
		}
		return s.confirm(ctx, o.Key, info.Size())
	})
}

func (s *ossStore) putWhole(ctx context.Context, o Object, f io.ReaderAt, size int64) error {
	sum, err := md5Of(f, 0, size)
	if err != nil {
		return err
	}
	return s.bucket.PutObject(o.Key, ossBody(f, 0, size), s.options(ctx, o,
		oss.ContentLength(size), oss.ContentMD5(base64.StdEncoding.EncodeToString(sum)))...)
}

// ossBody is a part of a file of a type whose length the library knows.
func ossBody(f io.ReaderAt, from, size int64) io.Reader {
	return &io.LimitedReader{R: io.NewSectionReader(f, from, size), N: size}
}

// options are those of what makes an object.
func (s *ossStore) options(ctx context.Context, o Object, more ...oss.Option) []oss.Option {
	list := append([]oss.Option{oss.WithContext(ctx)}, more...)
	if o.ContentType != "" {
		list = append(list, oss.ContentType(o.ContentType))
	}
	return list
}

// confirm asks for the object that was just put. Who may only write gets no answer, and has the MD5 of each piece
// compared by the store as confirmation.
func (s *ossStore) confirm(ctx context.Context, key string, size int64) error {
	head, err := s.bucket.GetObjectMeta(key, oss.WithContext(ctx))
	if err != nil {
		if ossStatus(err) == http.StatusNotFound {
			return fmt.Errorf("%w: the object is not there after it was uploaded", errUnconfirmed)
		}
		s.log.Debug("the uploaded object cannot be looked at", "key", key, "error", s.explain(err))
		return nil
	}
	if has, err := strconv.ParseInt(head.Get("Content-Length"), 10, 64); err == nil && has != size {
		return fmt.Errorf("%w: the store has %d bytes of %d", errUnconfirmed, has, size)
	}
	return nil
}

// Probe begins a multipart upload and takes it back: that needs the same permission as putting an object, and makes
// none.
func (s *ossStore) Probe(ctx context.Context, key string) error {
	begun, err := s.bucket.InitiateMultipartUpload(key, oss.WithContext(ctx))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return s.explain(err)
	}
	if err := s.bucket.AbortMultipartUpload(begun, oss.WithContext(ctx)); err != nil {
		s.log.Warn("the probe's upload could not be taken back; a lifecycle rule for incomplete uploads removes it",
			"key", key, "error", s.explain(err))
	}
	return nil
}

// Locate is the public form of the object's URL, always with https, or a presigned link.
func (s *ossStore) Locate(_ context.Context, key string) (string, error) {
	if !s.presign {
		return "https://" + s.target.Bucket + "." + endpointHost(s.target.Endpoint) + "/" + key, nil
	}
	link, err := s.bucket.SignURL(key, oss.HTTPGet, int64(presignedFor/time.Second))
	if err != nil {
		return "", s.explain(err)
	}
	return link, nil
}
