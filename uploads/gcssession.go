package uploads

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"google.golang.org/api/googleapi"
)

// Google's library resumes an upload within one Writer only and does not tell its session, so that another process
// could not go on. The protocol is https://cloud.google.com/storage/docs/performing-resumable-uploads. As in that library a
// chunk is sent again from its beginning when it is not known how much of it has arrived: what the store has already, it
// ignores. Nobody needs to ask it.

// gcsUpload is a session that is under way. It is kept as state: an interrupted one goes on.
type gcsUpload struct {
	Session string `json:"session"` // URL; who has it needs no credentials
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime"`
	Sum     uint32 `json:"crc32c"`
	Has     int64  `json:"has"` // bytes that the store has confirmed
}

// gcsMade is what the store says of an object that it has made.
type gcsMade struct {
	Size   int64  `json:"size,string"`
	CRC32C string `json:"crc32c"` // big-endian, base64
}

func crc32cText(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// putChunks sends the file, from where an earlier session stands if there is one. A session that the store knows no
// more is begun anew.
func (s *gcsStore) putChunks(ctx context.Context, o Object, f io.ReaderAt, info os.FileInfo, sum uint32) error {
	fresh := gcsUpload{Size: info.Size(), ModTime: info.ModTime().UnixNano(), Sum: sum}
	u := fresh.resume(o.State)
	resumed := u.Session != ""
	made, err := s.sendAll(ctx, o, f, &u)
	if err != nil && resumed && gcsForgotten(err) {
		s.log.Debug("an interrupted upload begins anew", "key", o.Key, "error", s.explain(err))
		made, err = s.sendAll(ctx, o, f, &fresh)
	}
	if err != nil {
		return err
	}
	has, err := base64.StdEncoding.DecodeString(made.CRC32C)
	if err != nil || len(has) != 4 {
		return fmt.Errorf("%w: the store does not tell what it has", errUnconfirmed)
	}
	return confirmGCS(made.Size, info.Size(), binary.BigEndian.Uint32(has), sum)
}

// resume is the session of a state, or u where that has none or is of another file.
func (u gcsUpload) resume(state []byte) gcsUpload {
	var was gcsUpload
	if len(state) == 0 || json.Unmarshal(state, &was) != nil || was.Session == "" || was.Sum != u.Sum || was.Size != u.Size ||
		was.ModTime != u.ModTime || was.Has < 0 || was.Has >= u.Size {
		return u
	}
	return was
}

// gcsForgotten tells that a store has no such session, or refuses to go on with it.
func gcsForgotten(err error) bool { return gcsStatus(err)/100 == 4 && !gcsAgain(err) }

// sendAll sends what the store does not have of a session yet, and begins one if there is none.
func (s *gcsStore) sendAll(ctx context.Context, o Object, f io.ReaderAt, u *gcsUpload) (made *gcsMade, err error) {
	if u.Session == "" {
		if err := s.tries.do(ctx, gcsAgain, func() (err error) {
			u.Session, err = s.begin(ctx, o, u.Size, u.Sum)
			return err
		}); err != nil {
			return nil, err
		}
	}
	for {
		if err := u.save(o); err != nil {
			return nil, err
		}
		if made, err = s.sendChunk(ctx, u, f); made != nil || err != nil {
			return made, err
		}
	}
}

func (u *gcsUpload) save(o Object) error {
	if o.Save == nil {
		return nil
	}
	state, err := json.Marshal(u)
	if err != nil {
		return err
	}
	o.Save(state)
	return nil
}

// begin makes a session of an object. The store will refuse other bytes than those of the sum; a size of 0 is not told.
func (s *gcsStore) begin(ctx context.Context, o Object, size int64, sum uint32) (session string, err error) {
	object := map[string]string{"name": o.Key}
	if o.ContentType != "" {
		object["contentType"] = o.ContentType
	}
	if size > 0 {
		object["crc32c"] = crc32cText(sum)
	}
	body, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	query := url.Values{"uploadType": {"resumable"}, "name": {o.Key}}
	to := s.base + "/upload/storage/v1/b/" + url.PathEscape(s.target.Bucket) + "/o?" + query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errConfig, err)
	}
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	if size > 0 {
		req.Header.Set("X-Upload-Content-Length", strconv.FormatInt(size, 10))
	}
	if o.ContentType != "" {
		req.Header.Set("X-Upload-Content-Type", o.ContentType)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return "", err
	}
	defer drain(res)
	if err := googleapi.CheckResponse(res); err != nil {
		return "", err
	}
	if session = res.Header.Get("Location"); session == "" {
		return "", fmt.Errorf("%w: the store tells no place for the upload", errUnconfirmed)
	}
	return session, nil
}

// takeBack ends a session. 499 is how the store confirms that.
func (s *gcsStore) takeBack(ctx context.Context, session string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, session, nil)
	if err != nil {
		return err
	}
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer drain(res)
	if res.StatusCode == 499 {
		return nil
	}
	return googleapi.CheckResponse(res)
}

// sendChunk sends what follows; made is not nil when that was all.
func (s *gcsStore) sendChunk(ctx context.Context, u *gcsUpload, f io.ReaderAt) (made *gcsMade, err error) {
	size := min(s.part, u.Size-u.Has)
	err = s.tries.do(ctx, gcsAgain, func() (err error) {
		var has int64
		has, made, err = s.put(ctx, u, io.NewSectionReader(f, u.Has, size), size)
		switch {
		case err != nil || made != nil:
			return err
		case has <= u.Has:
			return fmt.Errorf("%w: the store takes nothing", errUnconfirmed)
		}
		u.Has = has
		return nil
	})
	return made, err
}

// put sends bytes from where the store stands, and tells how many it has then.
func (s *gcsStore) put(ctx context.Context, u *gcsUpload, body io.Reader, size int64) (has int64, made *gcsMade, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.Session, body)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: the session's url is wrong", errUnconfirmed)
	}
	req.ContentLength = size
	req.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", u.Has, u.Has+size-1, u.Size))
	res, err := s.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer drain(res)
	if res.StatusCode == http.StatusPermanentRedirect { // 308: go on
		has, err := receivedUntil(res.Header.Get("Range"), u.Size)
		return has, nil, err
	}
	if err := googleapi.CheckResponse(res); err != nil {
		return 0, nil, err
	}
	made = &gcsMade{}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(made); err != nil {
		return 0, nil, fmt.Errorf("%w: the answer cannot be read: %w", errUnconfirmed, err)
	}
	return u.Size, made, nil
}

// receivedUntil reads how much the store has: "bytes=0-41", or nothing for nothing.
func receivedUntil(text string, size int64) (int64, error) {
	if text == "" {
		return 0, nil
	}
	last, ok := strings.CutPrefix(text, "bytes=0-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !ok || err != nil || n < 0 || n >= size {
		return 0, fmt.Errorf("%w: the store has %q", errUnconfirmed, text)
	}
	return n + 1, nil
}

// drain lets the connection be used again.
func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	_ = res.Body.Close()
}

// gcsAgain tells what is tried again at once.
func gcsAgain(err error) bool {
	if errors.Is(err, errConfig) || errors.Is(err, errNoCredentials) {
		return false
	}
	status := gcsStatus(err)
	return status == 0 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}
