package uploads

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (s *s3Store) putParts(ctx context.Context, o Object, f *os.File, info os.FileInfo) error {
	u, done := s.resume(ctx, o, f, info)
	if u.ID == "" {
		created, err := s.create(ctx, o)
		if err != nil {
			return err
		}
		if u, err = begin(o, info, aws.ToString(created.UploadId), partSize(info.Size(), s.part)); err != nil {
			return err
		}
	}
	err := u.sendMissing(ctx, done, func(ctx context.Context, n int32) (string, error) { return s.sendPart(ctx, o.Key, f, u, n) })
	if err != nil {
		return err
	}
	completed := make([]types.CompletedPart, 0, len(done))
	for n, tag := range done {
		completed = append(completed, types.CompletedPart{PartNumber: aws.Int32(n), ETag: aws.String(tag)})
	}
	slices.SortFunc(completed, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	_, err = s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
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
	u, ok := interrupted(o, info)
	if !ok {
		return u, none
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
			if n := aws.ToInt32(p.PartNumber); u.whole(f, n, aws.ToInt64(p.Size), p.ETag) {
				done[n] = aws.ToString(p.ETag)
			}
		}
	}
	return u, done
}

// errUnconfirmed is a store that says something else than what it was given.
var errUnconfirmed = errors.New("not confirmed")
