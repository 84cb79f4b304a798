package uploads

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"golang.org/x/sync/errgroup"
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
		u = upload{ID: begun.UploadID, Part: partSize(info.Size(), s.part), Size: info.Size(), ModTime: info.ModTime().UnixNano()}
		if o.Save != nil {
			state, err := json.Marshal(u)
			if err != nil {
				return err
			}
			o.Save(state)
		}
	}
	if err := s.sendParts(ctx, o.Key, f, u, done); err != nil {
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

// sendParts sends what is not done yet, and notes it in done by number and ETag.
func (s *ossStore) sendParts(ctx context.Context, key string, f io.ReaderAt, u upload, done map[int32]string) error {
	var missing []int32
	for n := int32(1); n <= u.parts(); n++ {
		if _, have := done[n]; !have {
			missing = append(missing, n)
		}
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for _, n := range missing {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			tag, err := s.sendPart(ctx, key, f, u, n)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done[n] = tag
			return nil
		})
	}
	return group.Wait()
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
	var u upload
	if len(o.State) == 0 || json.Unmarshal(o.State, &u) != nil || u.ID == "" || u.Part <= 0 ||
		u.Size != info.Size() || u.ModTime != info.ModTime().UnixNano() || u.Size/u.Part > maxParts {
		return upload{}, map[int32]string{}
	}
	done := map[int32]string{}
	for marker := 0; ; {
		page, err := s.bucket.ListUploadedParts(s.begun(o.Key, u), oss.WithContext(ctx), oss.PartNumberMarker(marker))
		if err != nil {
			s.log.Debug("an interrupted upload begins anew", "key", o.Key, "error", s.explain(err))
			return upload{}, map[int32]string{}
		}
		for _, p := range page.UploadedParts {
			n := int32(p.PartNumber)
			if n < 1 || n > u.parts() {
				continue
			}
			from, size := u.section(n)
			sum, err := md5Of(f, from, size)
			if err == nil && int64(p.Size) == size && isMD5(&p.ETag, sum) {
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
