package uploads

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

const (
	// minPart is the size of parts until there would be too many of them. Amazon wants 5 MiB at least.
	minPart = 8 << 20
	// maxParts leaves some of the 10,000 that S3 allows.
	maxParts = 9000
	// partsAtOnce keeps a fast line busy; a part is read from the disk as it is sent, so that they cost no memory.
	partsAtOnce = 4
)

// upload is a multipart upload that is under way. It is kept as state: an interrupted one goes on.
type upload struct {
	ID      string `json:"id"`
	Part    int64  `json:"part"`
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime"`
}

func (u upload) parts() int32 { return int32((u.Size + u.Part - 1) / u.Part) }

// section is where a part stands in the file; parts count from 1.
func (u upload) section(n int32) (from, size int64) {
	from = int64(n-1) * u.Part
	return from, min(u.Part, u.Size-from)
}

// partSize is that of a file's parts.
func partSize(size, smallest int64) int64 {
	part := max(smallest, (size+maxParts-1)/maxParts)
	const step = 1 << 20
	if part%step != 0 && part > smallest {
		part += step - part%step
	}
	return part
}

func (s *s3Store) putParts(ctx context.Context, o Object, f *os.File, info os.FileInfo) error {
	u, done := s.resume(ctx, o, f, info)
	if u.ID == "" {
		created, err := s.create(ctx, o)
		if err != nil {
			return err
		}
		u = upload{ID: aws.ToString(created.UploadId), Part: partSize(info.Size(), s.part), Size: info.Size(), ModTime: info.ModTime().UnixNano()}
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
	completed := make([]types.CompletedPart, 0, len(done))
	for n, tag := range done {
		completed = append(completed, types.CompletedPart{PartNumber: aws.Int32(n), ETag: aws.String(tag)})
	}
	slices.SortFunc(completed, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	_, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.target.Bucket, Key: &o.Key, UploadId: &u.ID,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: completed},
	})
	return err
}

func (s *s3Store) create(ctx context.Context, o Object, options ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket:             &s.target.Bucket,
		Key:                &o.Key,
		ContentType:        optional(o.ContentType),
		ContentDisposition: aws.String(s.disposition()),
		Metadata:           s.target.Metadata,
		Tagging:            optional(s.target.Tagging),
	}, options...)
}

// sendParts sends what is not done yet, and notes it in done by number and ETag.
func (s *s3Store) sendParts(ctx context.Context, key string, f io.ReaderAt, u upload, done map[int32]string) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for n := int32(1); n <= u.parts(); n++ {
		mu.Lock()
		_, have := done[n]
		mu.Unlock()
		if have {
			continue
		}
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

func (s *s3Store) sendPart(ctx context.Context, key string, f io.ReaderAt, u upload, n int32) (etag string, err error) {
	from, size := u.section(n)
	sum, err := md5Of(f, from, size)
	if err != nil {
		return "", err
	}
	out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &s.target.Bucket, Key: &key, UploadId: &u.ID, PartNumber: &n,
		Body: io.NewSectionReader(f, from, size), ContentLength: &size,
		ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum)),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// resume finds the upload that an earlier Put began, and which of its parts the store has whole. What cannot be found
// or compared is sent again.
func (s *s3Store) resume(ctx context.Context, o Object, f io.ReaderAt, info os.FileInfo) (upload, map[int32]string) {
	none := map[int32]string{}
	var u upload
	if len(o.State) == 0 || json.Unmarshal(o.State, &u) != nil || u.ID == "" || u.Part <= 0 ||
		u.Size != info.Size() || u.ModTime != info.ModTime().UnixNano() || u.Size/u.Part > maxParts {
		return upload{}, none
	}
	done := map[int32]string{}
	pages := s3.NewListPartsPaginator(s.client, &s3.ListPartsInput{Bucket: &s.target.Bucket, Key: &o.Key, UploadId: &u.ID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			s.log.Debug("an interrupted upload begins anew", "key", o.Key, "error", s.explain(err))
			return upload{}, none
		}
		for _, p := range page.Parts {
			n := aws.ToInt32(p.PartNumber)
			if n < 1 || n > u.parts() {
				continue
			}
			from, size := u.section(n)
			sum, err := md5Of(f, from, size)
			if err == nil && aws.ToInt64(p.Size) == size && isMD5(p.ETag, sum) {
				done[n] = aws.ToString(p.ETag)
			}
		}
	}
	return u, done
}

// errUnconfirmed is a store that says something else than what it was given.
var errUnconfirmed = errors.New("not confirmed")
