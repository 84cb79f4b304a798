package outputs

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

func amfText(s string) []byte {
	return append([]byte{0x02, byte(len(s) >> 8), byte(len(s))}, s...)
}

func amfNumber(v float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0x00}, math.Float64bits(v))
}

func amfObject(pairs ...string) []byte {
	b := []byte{0x03}
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, amfText(pairs[i])[1:]...)
		b = append(b, amfText(pairs[i+1])...)
	}
	return append(b, 0, 0, 9)
}

// chunked is a message on a chunk stream, cut as a server cuts it.
func chunked(id, kind byte, size int, message []byte) []byte {
	n := len(message)
	b := []byte{id, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), kind, 0, 0, 0, 0}
	for i := 0; i < n; i += size {
		if i > 0 {
			b = append(b, 0xc0|id)
		}
		b = append(b, message[i:min(i+size, n)]...)
	}
	return b
}

// serverTalk is what a server sends a publisher: the handshake, a larger chunk size, and the answers.
func serverTalk(answers ...[]byte) []byte {
	b := make([]byte, rtmpHandshake)
	b[0] = 3
	b = append(b, chunked(2, 5, 128, []byte{0, 0, 0, 1})...)
	b = append(b, chunked(2, 1, 128, []byte{0, 0, 16, 0})...)
	for _, a := range answers {
		b = append(b, chunked(3, 20, 4096, a)...)
	}
	return b
}

func status(level, code, description string) []byte {
	return slices.Concat(amfText("onStatus"), amfNumber(0), []byte{5}, amfObject("level", level, "code", code, "description", description))
}

func result(name string, transaction float64, info []byte) []byte {
	return slices.Concat(amfText(name), amfNumber(transaction), []byte{5}, info)
}

func TestRTMPReplies(t *testing.T) {
	long := make([]byte, 300) // longer than the first chunk size
	for i := range long {
		long[i] = 'x'
	}
	talk := serverTalk(
		result("_result", 1, amfObject("level", "status", "code", "NetConnection.Connect.Success", "description", string(long))),
		result("_result", 4, amfNumber(1)),
		status("status", "NetStream.Publish.Start", "Start publishing"),
	)
	talk = append(talk, chunked(4, 17, 4096, append([]byte{0}, status("error", "NetStream.Publish.BadName", "no")...))...)
	want := []rtmpReply{
		{"_result", 1, "status", "NetConnection.Connect.Success", string(long)},
		{"_result", 4, "", "", ""},
		{"onStatus", 0, "status", "NetStream.Publish.Start", "Start publishing"},
		{"onStatus", 0, "error", "NetStream.Publish.BadName", "no"},
	}
	for _, step := range []int{1, 7, 1000, len(talk)} {
		var got []rtmpReply
		r := rtmpReplies{on: func(reply rtmpReply) { got = append(got, reply) }}
		for part := range slices.Chunk(talk, step) {
			r.feed(part)
		}
		if !slices.Equal(got, want) || r.lost || !r.shaken() || len(r.buf) > 0 {
			t.Errorf("in steps of %d: %+v, lost %t, %d bytes left", step, got, r.lost, len(r.buf))
		}
	}
}

// TestRTMPRepliesChunkForms: headers that leave out what did not change, long chunk stream numbers, extended times.
func TestRTMPRepliesChunkForms(t *testing.T) {
	message := status("status", "a", "b")
	n := byte(len(message))
	extended := slices.Concat([]byte{0x00, 200 - 64, 0xff, 0xff, 0xff, 0, 0, n, 20, 1, 0, 0, 0, 1, 0, 0, 0}, message) // chunk stream 200
	again := slices.Concat([]byte{0xc0, 200 - 64, 1, 0, 0, 9}, message)                                               // the same header
	shorter := slices.Concat([]byte{0x40, 200 - 64, 0, 0, 1, 0, 0, n, 20}, message)                                   // no stream
	onlyTime := slices.Concat([]byte{0x80, 200 - 64, 0, 0, 1}, message)
	far := slices.Concat([]byte{0x01, 1, 2, 0, 0, 0, 0, 0, n, 20, 1, 0, 0, 0}, message) // chunk stream 577
	count := 0
	r := rtmpReplies{on: func(reply rtmpReply) {
		if reply.Code == "a" {
			count++
		}
	}}
	r.feed(slices.Concat(make([]byte, rtmpHandshake), extended, again, shorter, onlyTime, far))
	if count != 5 || r.lost {
		t.Errorf("%d of 5, lost %t", count, r.lost)
	}
}

// FuzzRTMPReplies: foreign bytes never panic, are never kept without bound, and cutting them differently changes
// nothing.
func FuzzRTMPReplies(f *testing.F) {
	f.Add(serverTalk(status("error", "c", "d"))[rtmpHandshake:], 5)
	f.Add(serverTalk(result("_error", 1, amfObject("code", "NetConnection.Connect.Rejected")))[rtmpHandshake:], 1)
	f.Add([]byte{3, 0, 0, 0, 0, 0, 2, 20, 0, 0, 0, 0, 2, 0xff}, 3)
	f.Fuzz(func(t *testing.T, talk []byte, step int) {
		read := func(step int) (got []rtmpReply) {
			r := rtmpReplies{on: func(reply rtmpReply) { got = append(got, reply) }, got: rtmpHandshake}
			for part := range slices.Chunk(talk, step) {
				r.feed(part)
				if len(r.buf) > maxRTMPChunk+18 || len(r.parts) > maxRTMPChunkParts {
					t.Fatalf("%d bytes and %d chunk streams kept", len(r.buf), len(r.parts))
				}
			}
			return got
		}
		if len(talk) == 0 {
			return
		}
		if a, b := read(len(talk)), read(max(1, step%100)); !slices.Equal(a, b) {
			// NaN is not equal to itself.
			if len(a) != len(b) {
				t.Errorf("%+v, in steps %+v", a, b)
			}
		}
	})
}
