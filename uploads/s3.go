package uploads

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const nameS3 = "S3"

// presignedFor is how long a presigned link works: the longest that S3 allows.
const presignedFor = 7 * 24 * time.Hour

// s3Store is a bucket of Amazon's or a compatible store.
type s3Store struct {
	target  S3Target
	presign bool
	client  *s3.Client
	http    *http.Client
	part    int64 // bytes of a part, at least; smaller files go up in one piece
	log     *slog.Logger
}

var _ Store = (*s3Store)(nil)

// openS3 is given waits and sizes that tests make small.
func openS3(ctx context.Context, t S3Target, presign bool, log *slog.Logger, patience patience, part int64) (*s3Store, error) {
	s := &s3Store{target: t, presign: presign, part: part, log: log}
	if err := s.connect(ctx, patience); err != nil {
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *s3Store) Name() string { return nameS3 }
func (s *s3Store) Close()       { s.http.CloseIdleConnections() }

// Put uploads a small file in one piece and a large one in parts. Every piece goes with its MD5, which the store
// compares; at the end the object's size is asked for, where that is allowed.
func (s *s3Store) Put(ctx context.Context, o Object) error {
	return putFile(ctx, nameS3, o, s.explain, func(f *os.File, info os.FileInfo) (err error) {
		if info.Size() <= s.part {
			err = s.putWhole(ctx, o, f, info.Size())
		} else {
			err = s.putParts(ctx, o, f, info)
		}
		if err != nil {
			return err
		}
		return s.confirm(ctx, o.Key, info.Size())
	})
}

func (s *s3Store) putWhole(ctx context.Context, o Object, f *os.File, size int64) error {
	sum, err := md5Of(f, 0, size)
	if err != nil {
		return err
	}
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:             &s.target.Bucket,
		Key:                &o.Key,
		Body:               io.NewSectionReader(f, 0, size),
		ContentLength:      &size,
		ContentMD5:         aws.String(base64.StdEncoding.EncodeToString(sum)),
		ContentType:        optional(o.ContentType),
		ContentDisposition: aws.String(s.disposition()),
		Metadata:           s.target.Metadata,
		Tagging:            optional(s.target.Tagging),
	})
	return err
}

// confirm asks for the object that was just put. Who may only write gets no answer, and has the MD5 of each piece
// compared by the store as confirmation.
func (s *s3Store) confirm(ctx context.Context, key string, size int64) error {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.target.Bucket, Key: &key})
	switch {
	case err != nil && statusOf(err) == http.StatusNotFound:
		return fmt.Errorf("%w: the object is not there after it was uploaded", errUnconfirmed)
	case err != nil:
		s.log.Debug("the uploaded object cannot be looked at", "key", key, "error", s.explain(err))
		return nil
	case head.ContentLength != nil && *head.ContentLength != size:
		return fmt.Errorf("%w: the store has %d bytes of %d", errUnconfirmed, *head.ContentLength, size)
	}
	return nil
}

// Probe begins a multipart upload and takes it back: that needs the same permission as putting an object, and makes
// none. A store without multipart uploads is not asked more.
func (s *s3Store) Probe(ctx context.Context, key string) error {
	once := func(o *s3.Options) { o.RetryMaxAttempts = 1 }
	created, err := s.create(ctx, Object{Key: key}, once)
	switch status := statusOf(err); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed:
		return nil
	case err != nil:
		return s.explain(err)
	}
	_, err = s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.target.Bucket, Key: &key, UploadId: created.UploadId}, once)
	if err != nil {
		s.log.Warn("the probe's upload could not be taken back; a lifecycle rule for incomplete uploads removes it",
			"key", key, "error", s.explain(err))
	}
	return nil
}

// Locate is the public form of the object's URL, always with https, or a presigned link.
func (s *s3Store) Locate(ctx context.Context, key string) (string, error) {
	if !s.presign {
		return s.target.location(key), nil
	}
	link, err := s3.NewPresignClient(s.client, s3.WithPresignExpires(presignedFor)).
		PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.target.Bucket, Key: &key})
	if err != nil {
		return "", s.explain(err)
	}
	return link.URL, nil
}

func (s *s3Store) disposition() string {
	if s.target.Disposition == "" {
		return "inline"
	}
	return s.target.Disposition
}

func optional(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

func md5Of(r io.ReaderAt, from, size int64) ([]byte, error) {
	sum := md5.New()
	n, err := io.Copy(sum, io.NewSectionReader(r, from, size))
	if err != nil {
		return nil, err
	}
	if n != size {
		return nil, io.ErrUnexpectedEOF
	}
	return sum.Sum(nil), nil
}

// isMD5 tells that an ETag is the MD5 of what was sent. With some kinds of encryption it is not.
func isMD5(etag *string, sum []byte) bool {
	got, err := hex.DecodeString(strings.Trim(aws.ToString(etag), `"`))
	return err == nil && bytes.Equal(got, sum)
}
