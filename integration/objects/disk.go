package objects

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// disk keeps objects as directories of part files; buckets are in memory.
type disk struct {
	*s3mem.Backend
	dir string

	mu      sync.Mutex
	created int // multipart uploads that were begun
	puts    int // objects that were put whole or completed
}

var (
	_ gofakes3.Backend          = (*disk)(nil)
	_ gofakes3.MultipartBackend = (*disk)(nil)
)

// object is what is known of one; its parts are files called by their numbers beside it.
type object struct {
	Bucket, Key string
	Meta        map[string]string
	ETag        []byte // without the quotes and the number of parts
	Parts       []part
}

type part struct {
	Number int
	Size   int64
	MD5    []byte
}

func (o *object) size() (n int64) {
	for _, p := range o.Parts {
		n += p.Size
	}
	return n
}

const metaFile = "meta.json"

func (d *disk) folder(kind, id string) string { return filepath.Join(d.dir, kind, id) }

// objectFolder: any key is a file name by its hash.
func (d *disk) objectFolder(bucket, key string) string {
	sum := sha256.Sum256([]byte(bucket + "\x00" + key))
	return d.folder("objects", hex.EncodeToString(sum[:]))
}

func load(folder string) (*object, error) {
	body, err := os.ReadFile(filepath.Join(folder, metaFile))
	if err != nil {
		return nil, err
	}
	o := &object{}
	return o, json.Unmarshal(body, o)
}

func save(folder string, o *object) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, metaFile)
	if err := os.WriteFile(path+".new", body, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path) // others read meanwhile
}

// newFolder makes a folder for what is coming in.
func (d *disk) newFolder() (id, folder string, err error) {
	id = rand.Text()
	folder = d.folder("coming", id)
	return id, folder, os.MkdirAll(folder, 0o700)
}

// publish puts a whole object in its place.
func (d *disk) publish(folder string, o *object) error {
	if err := save(folder, o); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	place := d.objectFolder(o.Bucket, o.Key)
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return err
	}
	d.puts++
	return os.Rename(folder, place)
}

func (d *disk) PutObject(bucket, key string, meta map[string]string, input io.Reader, size int64, _ *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	_, folder, err := d.newFolder()
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	p, err := receive(folder, 1, input)
	if err == nil && p.Size != size {
		err = gofakes3.ErrIncompleteBody
	}
	if err != nil {
		return gofakes3.PutObjectResult{}, errors.Join(err, os.RemoveAll(folder))
	}
	return gofakes3.PutObjectResult{}, d.publish(folder, &object{bucket, key, meta, p.MD5, []part{p}})
}

func (d *disk) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	o, err := load(d.objectFolder(bucket, key))
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, gofakes3.KeyNotFound(key)
	}
	if err != nil {
		return nil, err
	}
	return &gofakes3.Object{Name: key, Metadata: o.Meta, Size: o.size(), Hash: o.ETag, Contents: io.NopCloser(bytes.NewReader(nil))}, nil
}

func (d *disk) GetObject(bucket, key string, wanted *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	if wanted != nil {
		return nil, gofakes3.ErrNotImplemented
	}
	out, err := d.HeadObject(bucket, key)
	if err != nil {
		return nil, err
	}
	out.Contents, err = d.open(bucket, key)
	return out, err
}

// open reads an object from end to end.
func (d *disk) open(bucket, key string) (io.ReadCloser, error) {
	folder := d.objectFolder(bucket, key)
	o, err := load(folder)
	if err != nil {
		return nil, err
	}
	var all files
	var readers []io.Reader
	for _, p := range o.Parts {
		f, err := os.Open(filepath.Join(folder, strconv.Itoa(p.Number)))
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, f)
		readers = append(readers, f)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(readers...), all}, nil
}

type files []*os.File

func (f files) Close() (err error) {
	for _, one := range f {
		err = errors.Join(err, one.Close())
	}
	return err
}

func (d *disk) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, os.RemoveAll(d.objectFolder(bucket, key))
}

func (d *disk) CreateMultipartUpload(bucket, key string, meta map[string]string) (gofakes3.UploadID, error) {
	id, folder, err := d.newFolder()
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	d.created++
	d.mu.Unlock()
	return gofakes3.UploadID(id), save(folder, &object{Bucket: bucket, Key: key, Meta: meta})
}

// coming is the folder of an upload that is under way.
func (d *disk) coming(id gofakes3.UploadID) (string, *object, error) {
	folder := d.folder("coming", filepath.Base(string(id)))
	o, err := load(folder)
	if err != nil {
		return "", nil, gofakes3.ErrNoSuchUpload
	}
	return folder, o, nil
}

func (d *disk) UploadPart(_, _ string, id gofakes3.UploadID, number int, size int64, input io.Reader) (string, error) {
	folder, _, err := d.coming(id)
	if err != nil {
		return "", err
	}
	p, err := receive(folder, number, input)
	if err != nil {
		return "", err
	}
	if p.Size != size {
		return "", gofakes3.ErrIncompleteBody
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	o, err := load(folder)
	if err != nil {
		return "", err
	}
	o.Parts = slices.DeleteFunc(o.Parts, func(old part) bool { return old.Number == number })
	o.Parts = append(o.Parts, p)
	slices.SortFunc(o.Parts, func(a, b part) int { return cmp.Compare(a.Number, b.Number) })
	return quoted(p.MD5), save(folder, o)
}

func (d *disk) ListMultipartUploads(string, *gofakes3.UploadListMarker, gofakes3.Prefix, int64) (*gofakes3.ListMultipartUploadsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (d *disk) ListParts(bucket, key string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	_, o, err := d.coming(id)
	if err != nil {
		return nil, err
	}
	out := &gofakes3.ListMultipartUploadPartsResult{Bucket: bucket, Key: key, UploadID: id, MaxParts: limit, PartNumberMarker: marker}
	for _, p := range o.Parts {
		if p.Number <= marker {
			continue
		}
		if int64(len(out.Parts)) == limit {
			out.IsTruncated = true
			break
		}
		out.NextPartNumberMarker = p.Number
		out.Parts = append(out.Parts, gofakes3.ListMultipartUploadPartItem{PartNumber: p.Number, ETag: quoted(p.MD5), Size: p.Size})
	}
	return out, nil
}

func (d *disk) AbortMultipartUpload(_, _ string, id gofakes3.UploadID) error {
	folder, _, err := d.coming(id)
	if err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

func (d *disk) CompleteMultipartUpload(bucket, key string, id gofakes3.UploadID, in *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	folder, o, err := d.coming(id)
	if err != nil {
		return "", "", err
	}
	if len(in.Parts) != len(o.Parts) {
		return "", "", gofakes3.ErrInvalidPart
	}
	sum := md5.New()
	for i, p := range o.Parts {
		if in.Parts[i].PartNumber != p.Number || in.Parts[i].ETag != quoted(p.MD5) {
			return "", "", gofakes3.ErrInvalidPart
		}
		sum.Write(p.MD5)
	}
	o.ETag = sum.Sum(nil)
	tag := fmt.Sprintf(`"%x-%d"`, o.ETag, len(o.Parts))
	return "", tag, d.publish(folder, o)
}

func quoted(sum []byte) string { return `"` + hex.EncodeToString(sum) + `"` }

// receive writes a part; blocks of zeros become holes.
func receive(folder string, number int, input io.Reader) (p part, err error) {
	temporary, err := os.CreateTemp(folder, "part-*")
	if err != nil {
		return part{}, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	sum := md5.New()
	size, err := io.Copy(struct{ io.Writer }{sparse{temporary}}, io.TeeReader(input, sum))
	if err = errors.Join(err, temporary.Truncate(size), temporary.Close()); err != nil {
		return part{}, err
	}
	p = part{number, size, sum.Sum(nil)}
	return p, os.Rename(temporary.Name(), filepath.Join(folder, strconv.Itoa(number)))
}

type sparse struct{ f *os.File }

var zeros [32 << 10]byte

func (s sparse) Write(b []byte) (int, error) {
	if len(b) > len(zeros) || !bytes.Equal(b, zeros[:len(b)]) {
		return s.f.Write(b)
	}
	_, err := s.f.Seek(int64(len(b)), io.SeekCurrent)
	return len(b), err
}
