package clouds

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"hash/crc64"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type ossObject struct {
	content     []byte
	contentType string
}

// ossUpload is an object that comes in parts.
type ossUpload struct {
	key, contentType string
	parts            map[int][]byte
}

// listLimit is how many parts are listed at once; it is small, so that tests have several pages.
const listLimit = 3

func ossTag(content []byte) string {
	sum := md5.Sum(content)
	return `"` + strings.ToUpper(hex.EncodeToString(sum[:])) + `"`
}

// receive reads a body and compares its MD5.
func receive(w http.ResponseWriter, r *http.Request) (content []byte, ok bool) {
	content, err := io.ReadAll(r.Body)
	if err != nil || r.ContentLength >= 0 && int64(len(content)) != r.ContentLength {
		refuse(w, r, http.StatusBadRequest, "IncompleteBody", "The body is not whole.")
		return nil, false
	}
	sum := md5.Sum(content)
	if want := r.Header.Get("Content-Md5"); want != "" && want != base64.StdEncoding.EncodeToString(sum[:]) {
		refuse(w, r, http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified is not valid.")
		return nil, false
	}
	w.Header().Set("ETag", ossTag(content))
	w.Header().Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(crc64.Checksum(content, crc64.MakeTable(crc64.ECMA)), 10))
	return content, true
}

func (o *OSS) put(w http.ResponseWriter, r *http.Request, key string) {
	content, ok := receive(w, r)
	if !ok {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.objects[key] = &ossObject{content, r.Header.Get("Content-Type")}
}

func (o *OSS) get(w http.ResponseWriter, r *http.Request, key string) {
	o.mu.Lock()
	one, ok := o.objects[key]
	o.mu.Unlock()
	if !ok {
		refuse(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(one.content)))
	w.Header().Set("ETag", ossTag(one.content))
	if r.Method == http.MethodGet {
		_, _ = w.Write(one.content)
	}
}

func (o *OSS) begin(w http.ResponseWriter, key, contentType string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := rand.Text()
	o.begun++
	o.uploads[id] = &ossUpload{key, contentType, map[int][]byte{}}
	answer(w, struct {
		XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}{Bucket: o.Bucket, Key: key, UploadId: id})
}

// coming is an upload that is under way; called locked.
func (o *OSS) coming(w http.ResponseWriter, r *http.Request, id string) (*ossUpload, bool) {
	u, ok := o.uploads[id]
	if !ok {
		refuse(w, r, http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist.")
	}
	return u, ok
}

func (o *OSS) putPart(w http.ResponseWriter, r *http.Request, id, number string) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 10000 {
		refuse(w, r, http.StatusBadRequest, "InvalidArgument", "partNumber")
		return
	}
	content, ok := receive(w, r)
	if !ok {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if u, ok := o.coming(w, r, id); ok {
		u.parts[n] = content
	}
}

type ossPart struct {
	XMLName    xml.Name `xml:"Part"`
	PartNumber int
	ETag       string
	Size       int `xml:",omitempty"`
}

func (o *OSS) listParts(w http.ResponseWriter, r *http.Request, id, marker string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, ok := o.coming(w, r, id)
	if !ok {
		return
	}
	after, _ := strconv.Atoi(marker)
	out := struct {
		XMLName               xml.Name `xml:"ListPartsResult"`
		Bucket, Key, UploadId string
		NextPartNumberMarker  int
		IsTruncated           bool
		Part                  []ossPart
	}{Bucket: o.Bucket, Key: u.key, UploadId: id}
	for _, n := range slices.Sorted(maps.Keys(u.parts)) {
		if n <= after {
			continue
		}
		if len(out.Part) == listLimit {
			out.IsTruncated = true
			break
		}
		out.Part = append(out.Part, ossPart{PartNumber: n, ETag: ossTag(u.parts[n]), Size: len(u.parts[n])})
		out.NextPartNumberMarker = n
	}
	answer(w, out)
}

func (o *OSS) complete(w http.ResponseWriter, r *http.Request, id string) {
	var in struct {
		Part []ossPart
	}
	if err := xml.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, r, http.StatusBadRequest, "MalformedXML", err.Error())
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	u, ok := o.coming(w, r, id)
	if !ok {
		return
	}
	var whole bytes.Buffer
	ordered := slices.IsSortedFunc(in.Part, func(a, b ossPart) int { return cmp.Compare(a.PartNumber, b.PartNumber) })
	for _, p := range in.Part {
		content, ok := u.parts[p.PartNumber]
		if !ok || !ordered || p.ETag != ossTag(content) {
			refuse(w, r, http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found.")
			return
		}
		whole.Write(content)
	}
	delete(o.uploads, id)
	o.objects[u.key] = &ossObject{whole.Bytes(), u.contentType}
	answer(w, struct {
		XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}{Bucket: o.Bucket, Key: u.key, ETag: ossTag(whole.Bytes())})
}

func (o *OSS) abort(w http.ResponseWriter, r *http.Request, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.coming(w, r, id); ok {
		delete(o.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	}
}
