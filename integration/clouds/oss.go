package clouds

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/ffegress/ffegress/integration/objects"
)

// OSS is a fake of AliOSS' protocol, as far as uploads go: objects whole and in parts, and their signatures of version 1
// (https://help.aliyun.com/document_detail/31951.html), which it checks. Objects are in its memory.
type OSS struct {
	*objects.Server
	Bucket, Key, Secret string

	mu      sync.Mutex
	objects map[string]*ossObject
	uploads map[string]*ossUpload
	begun   int
}

// StartOSS serves a bucket to who has the key.
func StartOSS(bucket, key, secret string) (*OSS, error) {
	o := &OSS{Bucket: bucket, Key: key, Secret: secret, objects: map[string]*ossObject{}, uploads: map[string]*ossUpload{}}
	var err error
	o.Server, err = objects.Before(o)
	return o, err
}

// Read is an object's content.
func (o *OSS) Read(key string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if one, ok := o.objects[key]; ok {
		return one.content, nil
	}
	return nil, fmt.Errorf("no object %q", key)
}

// ContentType is what an object was put as.
func (o *OSS) ContentType(key string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if one, ok := o.objects[key]; ok {
		return one.contentType
	}
	return ""
}

// Counts are how many objects there are, how many multipart uploads were begun, and how many of them are left.
func (o *OSS) Counts() (whole, begun, left int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.objects), o.begun, len(o.uploads)
}

func (o *OSS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case !o.signed(r, bucket, key):
		refuse(w, r, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	case bucket != o.Bucket:
		refuse(w, r, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
	case key == "":
		refuse(w, r, http.StatusBadRequest, "InvalidObjectName", "The specified object is not valid.")
	default:
		o.serve(w, r, key)
	}
}

func (o *OSS) serve(w http.ResponseWriter, r *http.Request, key string) {
	query := r.URL.Query()
	id := query.Get("uploadId")
	switch {
	case r.Method == http.MethodPost && query.Has("uploads"):
		o.begin(w, key, r.Header.Get("Content-Type"))
	case r.Method == http.MethodPut && id != "":
		o.putPart(w, r, id, query.Get("partNumber"))
	case r.Method == http.MethodGet && id != "":
		o.listParts(w, r, id, query.Get("part-number-marker"))
	case r.Method == http.MethodPost && id != "":
		o.complete(w, r, id)
	case r.Method == http.MethodDelete && id != "":
		o.abort(w, r, id)
	case r.Method == http.MethodPut:
		o.put(w, r, key)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		o.get(w, r, key)
	default:
		refuse(w, r, http.StatusNotImplemented, "NotImplemented", r.Method)
	}
}

// signedParams are the parameters that a signature is about, of those that are served here.
var signedParams = []string{"objectMeta", "partNumber", "uploadId", "uploads"}

// signed tells that a request, or the link that it came by, was signed with the secret.
func (o *OSS) signed(r *http.Request, bucket, key string) bool {
	query := r.URL.Query()
	who, signature, date := "", "", r.Header.Get("Date")
	if query.Has("Signature") {
		who, signature, date = query.Get("OSSAccessKeyId"), query.Get("Signature"), query.Get("Expires")
	} else if both, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OSS "); ok {
		who, signature, _ = strings.Cut(both, ":")
	}
	text := strings.Join([]string{r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), date, ""}, "\n")
	mac := hmac.New(sha1.New, []byte(o.Secret))
	mac.Write([]byte(text + ossHeaders(r.Header) + "/" + bucket + "/" + key + ossParams(query)))
	return who == o.Key && signature == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func ossHeaders(h http.Header) string {
	var lines []string
	for name, values := range h {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-oss-") {
			lines = append(lines, name+":"+values[0]+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func ossParams(query url.Values) string {
	var list []string
	for _, name := range signedParams {
		switch {
		case !query.Has(name):
		case query.Get(name) == "":
			list = append(list, name)
		default:
			list = append(list, name+"="+query.Get(name))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "?" + strings.Join(list, "&")
}

// refuse answers as AliOSS does.
func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		answer(w, struct {
			XMLName       xml.Name `xml:"Error"`
			Code, Message string
		}{Code: code, Message: message})
	}
}

func answer(w http.ResponseWriter, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(append([]byte(xml.Header), body...))
}
