package workfile

import (
	"context"
	"encoding/binary"
	"errors"
	iofs "io/fs"
	"math/rand/v2"
)

// mp4box makes a box of payloads.
func mp4box(kind string, payload ...[]byte) []byte {
	size := 8
	for _, p := range payload {
		size += len(p)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(size))
	b = append(b, kind...)
	for _, p := range payload {
		b = append(b, p...)
	}
	return b
}

func words(v ...uint32) []byte {
	var b []byte
	for _, w := range v {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	return b
}

// initSegment is as much of one as the walker looks at.
func initSegment() []byte {
	moov := mp4box("moov", mp4box("mvhd", make([]byte, 100)), mp4box("trak", make([]byte, 50)), mp4box("mvex", make([]byte, 32)))
	return append(mp4box("ftyp", []byte("iso5")), moov...)
}

// fragmentOf makes a moof and mdat of samples of the given sizes. Its bytes are
// never 0, like the ends of coded samples.
func fragmentOf(r *rand.Rand, sizes ...int) []byte {
	trun := words(trunDataOffset|trunSize, uint32(len(sizes)), 0)
	total := 0
	for _, s := range sizes {
		trun = binary.BigEndian.AppendUint32(trun, uint32(s))
		total += s
	}
	data := make([]byte, total)
	for i := range data {
		data[i] = byte(1 + r.IntN(255))
	}
	moof := mp4box("moof", mp4box("mfhd", words(0, 1)), mp4box("traf", mp4box("tfhd", words(0x020000, 1)), mp4box("trun", trun)))
	return append(moof, mp4box("mdat", data)...)
}

// fakeRemux is what ffmpeg does, on a test's disk: it never syncs.
func fakeRemux(fs FS, want *[]byte) func(context.Context, string, string) error {
	return func(_ context.Context, in, out string) error {
		f, err := fs.Open(in)
		if err != nil {
			return err
		}
		end, err := f.Size()
		if err != nil {
			return err
		}
		fragments, err := scanFragments(f, end)
		if err != nil {
			return err
		}
		var media []byte
		for _, fr := range fragments {
			part := make([]byte, fr.end-fr.data)
			if _, err := f.ReadAt(part, fr.data); err != nil {
				return err
			}
			media = append(media, part...)
		}
		if err := fs.Remove(out); err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
		o, err := fs.Create(out)
		if err != nil {
			return err
		}
		*want = nil
		for _, part := range [][]byte{mp4box("ftyp"), mp4box("moov", make([]byte, 200)), mp4box("mdat", media)} {
			if _, err := o.Write(part); err != nil {
				return err
			}
			*want = append(*want, part...)
		}
		return nil
	}
}
