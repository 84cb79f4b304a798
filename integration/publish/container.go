package publish

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

func readIVF(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, _, err := ivfreader.NewWith(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var frames [][]byte
	for {
		data, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		frames = append(frames, data)
	}
	if len(frames) != card.Loop {
		return nil, fmt.Errorf("read %s: %d frames, want %d", path, len(frames), card.Loop)
	}
	return frames, nil
}

func readOgg(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, head, err := oggreader.NewWith(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if head.PreSkip != opusLookahead {
		return nil, fmt.Errorf("read %s: encoder delay %d samples, want %d", path, head.PreSkip, opusLookahead)
	}
	var packets [][]byte
	for n := 0; len(packets) < opusPackets; n++ {
		// Page 0 here is OpusTags; each later page holds one packet.
		data, _, err := r.ParseNextPage()
		if err != nil {
			return nil, fmt.Errorf("read %s: %d packets, want %d: %w", path, len(packets), opusPackets, err)
		}
		if n > opusWarmUp {
			packets = append(packets, data)
		}
	}
	return packets, nil
}

// The first byte of an access unit delimiter.
const (
	delimiterH264 = 9
	delimiterH265 = 35 << 1
)

// readUnits splits an elementary stream at its access unit delimiters.
func readUnits(path string, delimiting byte) ([][]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	delimiter := []byte{0, 0, 0, 1, delimiting}
	var frames [][]byte
	for len(data) > 0 {
		end := len(data)
		if n := bytes.Index(data[1:], delimiter); n >= 0 {
			end = n + 1
		}
		frames = append(frames, data[:end:end])
		data = data[end:]
	}
	if len(frames) != card.Loop {
		return nil, fmt.Errorf("read %s: %d frames, want %d", path, len(frames), card.Loop)
	}
	return frames, nil
}

func readG711(path string) ([][]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) < opusPackets*g711Samples {
		return nil, fmt.Errorf("read %s: %d bytes, want %d", path, len(data), opusPackets*g711Samples)
	}
	var packets [][]byte
	for n := range opusPackets {
		packets = append(packets, data[n*g711Samples:][:g711Samples:g711Samples])
	}
	return packets, nil
}

// WriteIVF writes count VP8 frames at card.FPS as an IVF file.
func WriteIVF(w io.Writer, size Size, count int, frame func(n int) []byte) error {
	head := make([]byte, 32)
	copy(head, "DKIF")
	binary.LittleEndian.PutUint16(head[6:], 32)
	copy(head[8:], "VP80")
	binary.LittleEndian.PutUint16(head[12:], uint16(size.Width))
	binary.LittleEndian.PutUint16(head[14:], uint16(size.Height))
	binary.LittleEndian.PutUint32(head[16:], card.FPS)
	binary.LittleEndian.PutUint32(head[20:], 1)
	binary.LittleEndian.PutUint32(head[24:], uint32(count))
	if _, err := w.Write(head); err != nil {
		return err
	}
	for n := range count {
		data := frame(n)
		var h [12]byte
		binary.LittleEndian.PutUint32(h[:], uint32(len(data)))
		binary.LittleEndian.PutUint64(h[4:], uint64(n))
		if _, err := w.Write(h[:]); err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}
