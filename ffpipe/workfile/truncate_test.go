package workfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
)

// memory puts data on a disk as the work file.
func memory(data []byte) *disk {
	d := newDisk(0, 0)
	n := &inode{data: data, synced: bytes.Clone(data)}
	d.names[workPath], d.durable[workPath] = n, n
	return d
}

func TestTruncateMP4(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	head := initSegment()
	one, two := fragmentOf(r, 5000, 20), fragmentOf(r, 6000)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	end1, end2 := len(head)+len(one), len(head)+len(one)+len(two)
	edit := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	large := func() []byte { // an mdat with a 64-bit size
		b := bytes.Clone(two)
		at := bytes.Index(b, []byte("mdat")) - 4
		size := binary.BigEndian.Uint32(b[at:])
		h := append(words(1), "mdat"...)
		h = binary.BigEndian.AppendUint64(h, uint64(size)+8)
		return join(b[:at], h, b[at+8:])
	}()
	mdat2 := bytes.Index(two, []byte("mdat"))
	tests := []struct {
		name string
		data []byte
		want int // 0 = ErrEmpty
	}{
		{"empty", nil, 0},
		{"no box", []byte("abc"), 0},
		{"init only", head, 0},
		{"init and a part", join(head, one[:len(one)-1]), 0},
		{"zeros", make([]byte, 10000), 0},
		{"whole", join(head, one, two), end2},
		{"one byte short", join(head, one, two[:len(two)-1]), end1},
		{"moof without mdat", join(head, one, two[:mdat2-4]), end1},
		{"torn header", join(head, one, two[:3]), end1},
		{"trailing zeros", join(head, one, make([]byte, 300)), end1},
		{"mfra", join(head, one, two, mp4box("mfra", words(1, 2))), end2},
		{"styp and sidx", join(head, one, mp4box("styp"), mp4box("sidx", words(0)), two), end2 + 8 + 12},
		{"styp at the end", join(head, one, mp4box("styp")), end1},
		{"64-bit size", join(head, one, large), end2 + 8},
		{"64-bit size too large", join(head, one, edit(large, mdat2+4, 0x7f, 0xff)), end1},
		{"size 0", join(head, one, edit(two, 0, 0, 0, 0, 0)), end1},
		{"size 7", join(head, one, edit(two, 0, 0, 0, 0, 7)), end1},
		{"two moofs", join(head, one, two[:mdat2-4], two), end1},
		{"mdat without moof", join(head, one, two[mdat2-4:]), end1},
		{"moof without init", join(one, two), 0},
		{"moov not fragmented", join(mp4box("ftyp"), mp4box("moov", mp4box("trak")), one), 0},
		{"moov of zeros", join(mp4box("ftyp"), mp4box("moov", make([]byte, 100)), one), 0},
		{"moof of zeros", join(head, one, edit(two, 8, make([]byte, mdat2-12)...)), end1},
		{"more samples than data", join(head, one, edit(two, mdat2-8, 0, 1)), end1},
		{"lost page in mdat", join(head, one, edit(two, mdat2+100, make([]byte, 4096)...)), end1},
		{"lost page in the first mdat", join(head, edit(one, len(one)-4500, make([]byte, 4096)...), two), 0},
		{"zeros that a codec may have", join(head, one, edit(two, mdat2+100, make([]byte, 1536)...)), end2},
		{"last bytes lost", join(head, one, edit(two, len(two)-3, 0, 0, 0)), end1},
		{"a zero at the end of another", join(head, edit(one, len(one)-1, 0), two), end2},
		{"zeros at the end of another", join(head, edit(one, len(one)-20, make([]byte, 20)...), two), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := memory(bytes.Clone(tt.data))
			size, err := Truncate(d, ffpipe.MP4, workPath)
			got := d.names[workPath]
			if tt.want == 0 {
				if !errors.Is(err, ErrEmpty) || !bytes.Equal(got.data, tt.data) {
					t.Errorf("size %d, err %v; the file must stay as it is", size, err)
				}
				return
			}
			if err != nil || size != int64(tt.want) {
				t.Fatalf("size %d, err %v; want %d of %d", size, err, tt.want, len(tt.data))
			}
			if !bytes.Equal(got.data, tt.data[:tt.want]) || !bytes.Equal(got.synced, got.data) {
				t.Error("wrong content, or not synced")
			}
		})
	}
}

func TestTruncateErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, op := range []string{"open", "truncate", "sync"} {
		d := memory(append(append(initSegment(), fragmentOf(r, 100)...), "rest"...))
		d.fail = func(o, _ string) (int, error) {
			if o == op {
				return 0, syscall.EIO
			}
			return 0, nil
		}
		if _, err := Truncate(d, ffpipe.MP4, workPath); !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: err = %v", op, err)
		}
	}
}

func FuzzTruncateMP4(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	whole := append(append(initSegment(), fragmentOf(r, 100, 3)...), fragmentOf(r, 50)...)
	f.Add(whole)
	f.Add(whole[:len(whole)-9])
	f.Add(initSegment())
	f.Fuzz(func(t *testing.T, data []byte) {
		d := memory(bytes.Clone(data))
		size, err := Truncate(d, ffpipe.MP4, workPath)
		if err != nil {
			if !errors.Is(err, ErrEmpty) || !bytes.Equal(d.names[workPath].data, data) {
				t.Fatalf("err = %v", err)
			}
			return
		}
		if size <= 0 || size > int64(len(data)) || !bytes.Equal(d.names[workPath].data, data[:size]) {
			t.Fatalf("size %d of %d", size, len(data))
		}
		// What is left is whole: nothing more is cut.
		if again, err := Truncate(d, ffpipe.MP4, workPath); err != nil || again != size {
			t.Fatalf("again: %d, %v; first %d", again, err, size)
		}
		if n, err := mediaBytes(d, workPath); err != nil && !errors.Is(err, ErrEmpty) || n > size {
			t.Fatalf("%d bytes of media, %v", n, err)
		}
	})
}
