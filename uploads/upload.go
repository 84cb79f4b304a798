package uploads

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"

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

// begin makes an upload of what the store has named, and keeps it.
func begin(o Object, info os.FileInfo, id string, part int64) (upload, error) {
	u := upload{ID: id, Part: part, Size: info.Size(), ModTime: info.ModTime().UnixNano()}
	if o.Save != nil {
		state, err := json.Marshal(u)
		if err != nil {
			return upload{}, err
		}
		o.Save(state)
	}
	return u, nil
}

// interrupted is the upload that an earlier Put of the same file began; false if there is none that can go on.
func interrupted(o Object, info os.FileInfo) (u upload, ok bool) {
	if len(o.State) == 0 || json.Unmarshal(o.State, &u) != nil || u.ID == "" || u.Part <= 0 ||
		u.Size != info.Size() || u.ModTime != info.ModTime().UnixNano() || u.Size/u.Part > maxParts {
		return upload{}, false
	}
	return u, true
}

func (u upload) parts() int32 { return int32((u.Size + u.Part - 1) / u.Part) }

// section is where a part stands in the file; parts count from 1.
func (u upload) section(n int32) (from, size int64) {
	from = int64(n-1) * u.Part
	return from, min(u.Part, u.Size-from)
}

// whole tells that what a store has as part n, of size bytes and with that ETag, is the file's.
func (u upload) whole(f io.ReaderAt, n int32, size int64, etag *string) bool {
	if n < 1 || n > u.parts() {
		return false
	}
	from, want := u.section(n)
	sum, err := md5Of(f, from, want)
	return err == nil && size == want && isMD5(etag, sum)
}

// sendMissing sends the parts that are not done yet, some at once, and notes them in done by number and ETag.
func (u upload) sendMissing(ctx context.Context, done map[int32]string, send func(context.Context, int32) (etag string, err error)) error {
	var missing []int32
	for n := range u.parts() {
		if _, have := done[n+1]; !have {
			missing = append(missing, n+1)
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
			tag, err := send(ctx, n)
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

// partSize is that of a file's parts.
func partSize(size, smallest int64) int64 {
	part := max(smallest, (size+maxParts-1)/maxParts)
	const step = 1 << 20
	if part%step != 0 && part > smallest {
		part += step - part%step
	}
	return part
}
