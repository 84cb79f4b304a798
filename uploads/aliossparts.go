package uploads

import (
	"context"
	"encoding/base64"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// putParts sends the parts that the store does not have yet, and puts the object together.
func (s *ossStore) putParts(ctx context.Context, o Object, f io.ReaderAt, info os.FileInfo) error {
	u, done := s.resume(ctx, o, f, info)
	if u.ID == "" {
		var begun oss.InitiateMultipartUploadResult
		err := s.tries.do(ctx, ossAgain, func() (err error) {
			begun, err = s.bucket.InitiateMultipartUpload(o.Key, s.options(ctx, o)...)
			return err
		})
		if err != nil {
			return err
		}
		if u, err = begin(o, info, begun.UploadID, partSize(info.Size(), s.part)); err != nil {
			return err
		}
	}
	err := u.sendMissing(ctx, done, func(ctx context.Context, n int32) (string, error) { return s.sendPart(ctx, o.Key, f, u, n) })
	if err != nil {
		return err
	}
	all := make([]oss.UploadPart, 0, len(done))
	for n, tag := range done {
		all = append(all, oss.UploadPart{PartNumber: int(n), ETag: tag})
	}
	slices.SortFunc(all, func(a, b oss.UploadPart) int { return a.PartNumber - b.PartNumber })
	return s.tries.do(ctx, ossAgain, func() error {
		_, err := s.bucket.CompleteMultipartUpload(s.begun(o.Key, u), all, oss.WithContext(ctx))
		return err
	})
}

// begun is an upload as the library names it.
func (s *ossStore) begun(key string, u upload) oss.InitiateMultipartUploadResult {
	return oss.InitiateMultipartUploadResult{Bucket: s.target.Bucket, Key: key, UploadID: u.ID}
}

func (s *ossStore) sendPart(ctx context.Context, key string, f io.ReaderAt, u upload, n int32) (etag string, err error) {
	from, size := u.section(n)
	sum, err := md5Of(f, from, size)
	if err != nil {
		return "", err
	}
	err = s.tries.do(ctx, ossAgain, func() error {
		part, err := s.bucket.UploadPart(s.begun(key, u), ossBody(f, from, size), size, int(n),
			oss.WithContext(ctx), oss.ContentMD5(base64.StdEncoding.EncodeToString(sum)))
		etag = part.ETag
		return err
	})
	return etag, err
}

// resume finds the upload that an earlier Put began, and which of its parts the store has whole. What cannot be found
// or compared is sent again.
func (s *ossStore) resume(ctx context.Context, o Object, f io.ReaderAt, info os.FileInfo) (upload, map[int32]string) {
	u, ok := interrupted(o, info)
	if !ok {
		return u, map[int32]string{}
	}
	done := map[int32]string{}
	for marker := 0; ; {
		page, err := s.bucket.ListUploadedParts(s.begun(o.Key, u), oss.WithContext(ctx), oss.PartNumberMarker(marker))
		if err != nil {
			s.log.Debug("an interrupted upload begins anew", "key", o.Key, "error", s.explain(err))
			return upload{}, map[int32]string{}
		}
		for _, p := range page.UploadedParts {
			if n := int32(p.PartNumber); u.whole(f, n, int64(p.Size), &p.ETag) {
				done[n] = p.ETag
			}
		}
		next, err := strconv.Atoi(page.NextPartNumberMarker)
		if !page.IsTruncated || err != nil || next <= marker {
			return u, done
		}
		marker = next
	}
}
