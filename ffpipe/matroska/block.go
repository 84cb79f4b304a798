package matroska

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Block is one frame of a track.
type Block struct {
	Track    int           // number, 1 … 126
	At       time.Duration // from the beginning of the file; not negative; rounded to microseconds
	Duration time.Duration // 0 = until the next
	Key      bool
	Data     []byte
}

const (
	keyframe = 0x80 // of a SimpleBlock's flags
	// blockHeader is the track's number, the timestamp within the cluster, which is 0, and the flags.
	blockHeader = 4
	crcSize     = 4
)

func (k Block) header() [blockHeader]byte {
	h := [blockHeader]byte{0: 0x80 | byte(k.Track)}
	if k.Key && k.Duration == 0 {
		h[3] = keyframe
	}
	return h
}

// AppendCluster adds a cluster of that one block to b.
func AppendCluster(b []byte, k Block) []byte {
	body := appendUint(make([]byte, 0, len(k.Data)+48), idTimestamp, micro(k.At))
	head := k.header()
	if k.Duration == 0 {
		body = appendSize(appendID(body, idSimpleBlock), len(head)+len(k.Data))
		body = append(append(body, head[:]...), k.Data...)
	} else {
		tail := appendUint(nil, idBlockDuration, micro(k.Duration))
		if !k.Key {
			tail = appendBytes(tail, idReferenceBlock, []byte{0xFF}) // −1: to something before
		}
		group := appendSize(appendID(nil, idBlock), len(head)+len(k.Data))
		body = appendSize(appendID(body, idBlockGroup), len(group)+len(head)+len(k.Data)+len(tail))
		body = append(append(append(body, group...), head[:]...), k.Data...)
		body = append(body, tail...)
	}
	b = appendSize(appendID(b, idCluster), 2+crcSize+len(body))
	b = append(b, idCRC32, 0x80|crcSize)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(body))
	return append(b, body...)
}

func micro(d time.Duration) uint64 {
	return uint64(max(d.Round(time.Microsecond), 0) / time.Microsecond)
}
