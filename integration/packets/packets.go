package packets

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"

	"github.com/pion/rtp/codecs/av1/obu"

	"github.com/ffegress/ffegress/integration/publish"
)

// Unit is one packet of a file.
type Unit struct {
	At   float64 // seconds
	Hash string  // MD5
}

// Of reads the packets of a file's one stream, without silence that the publisher did not send.
func Of(ctx context.Context, path string) ([]Unit, error) {
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-show_data_hash", "MD5",
		"-show_entries", "packet=pts_time,data_hash", "-of", "json", path)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ffprobe %s: %w", path, err)
	}
	var list struct {
		Packets []struct {
			At   string `json:"pts_time"`
			Hash string `json:"data_hash"`
		} `json:"packets"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, err
	}
	quiet := silence()
	var found []Unit
	for _, p := range list.Packets {
		at, err := strconv.ParseFloat(p.At, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: timestamp %q", path, p.At)
		}
		if hash := p.Hash[len("MD5:"):]; !slices.Contains(quiet, hash) {
			found = append(found, Unit{at, hash})
		}
	}
	return found, nil
}

// silence are the packets that the recorder puts where no Opus came, and the one that livekit-server sends by itself: when
// it is ready for a subscriber before the publisher's next packet comes.
func silence() (hashes []string) {
	hashes = append(hashes, sum(append([]byte{0xf8, 0xff, 0xfe}, make([]byte, 77)...)))
	for _, config := range []byte{31, 30, 29, 28} {
		hashes = append(hashes, sum([]byte{config << 3, 0xff, 0xfe}))
	}
	return hashes
}

func sum(data []byte) string {
	h := md5.Sum(data)
	return hex.EncodeToString(h[:])
}

// Sent are the hashes of what a publisher sends in a loop, as packets of a file.
func Sent(codec string, frames [][]byte) (hashes []string) {
	for _, f := range frames {
		switch codec {
		case publish.H264, publish.H265:
			f = lengths(f, codec)
		case publish.AV1:
			f = sized(f)
		}
		hashes = append(hashes, sum(f))
	}
	return hashes
}

// lengths puts the length before each NAL unit but delimiters, which are not sent.
func lengths(frame []byte, codec string) (out []byte) {
	delimits := func(nal []byte) bool { return nal[0]&0x1f == 9 }
	if codec == publish.H265 {
		delimits = func(nal []byte) bool { return nal[0]>>1&0x3f == 35 }
	}
	for _, nal := range bytes.Split(frame, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00")
		if len(nal) > 0 && !delimits(nal) {
			out = binary.BigEndian.AppendUint32(out, uint32(len(nal)))
			out = append(out, nal...)
		}
	}
	return out
}

// sized writes each OBU but temporal delimiters, which are not sent, with a size of the fewest bytes.
func sized(frame []byte) (out []byte) {
	for len(frame) > 0 {
		size, n, err := obu.ReadLeb128(frame[1:])
		if err != nil || int(n+size)+1 > len(frame) {
			return nil
		}
		if body := frame[1+n:][:size]; frame[0]>>3&0xf != 2 {
			out = append(out, frame[0])
			out = append(out, obu.WriteToLeb128(size)...)
			out = append(out, body...)
		}
		frame = frame[1+n+size:]
	}
	return out
}

// Gap is where packets are missing.
type Gap struct {
	At   float64 // seconds: of the next packet that is there
	Left int     // packets
}

// Follow holds the file's packets against what is sent in a loop: each must be the next. It tells the gaps, and fails for
// a packet that was never sent.
func Follow(found []Unit, loop []string) (gaps []Gap, err error) {
	if len(found) == 0 {
		return nil, fmt.Errorf("no packets")
	}
	// Where the recording begins is not known, and sound has the same packets many times: what fits best counts.
	fits := false
	for first := range loop {
		if g, ok := from(found, loop, first); ok && (!fits || len(g) < len(gaps)) {
			gaps, fits = g, true
		}
	}
	if !fits {
		return nil, fmt.Errorf("the packets are not those that were sent, or not in their order")
	}
	return gaps, nil
}

func from(found []Unit, loop []string, next int) (gaps []Gap, ok bool) {
	if found[0].Hash != loop[next] {
		return nil, false
	}
	for _, u := range found {
		left := 0
		for loop[next%len(loop)] != u.Hash {
			if next, left = next+1, left+1; left > len(loop) {
				return nil, false
			}
		}
		if left > 0 {
			gaps = append(gaps, Gap{u.At, left})
		}
		next++
	}
	return gaps, true
}
