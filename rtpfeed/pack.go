package rtpfeed

import (
	"encoding/binary"
	"errors"

	"github.com/ffegress/ffegress/ffpipe/matroska"
)

// errNoParameters says that a keyframe does not tell what a container must know.
var errNoParameters = errors.New("keyframe without parameter sets")

// matroskaTrack describes a picture whose first unit is u.
func matroskaTrack(c Codec, u Unit) (matroska.Track, error) {
	t := matroska.Track{Video: true, Width: max(u.Width, 1), Height: max(u.Height, 1)}
	var err error
	switch c {
	case VP8:
		t.Codec = "V_VP8"
	case VP9:
		t.Codec = "V_VP9"
	case AV1:
		t.Codec = "V_AV1"
		t.Private, err = av1Private(u)
	case H264:
		t.Codec = "V_MPEG4/ISO/AVC"
		t.Private, err = avcPrivate(u)
	case H265:
		t.Codec = "V_MPEGH/ISO/HEVC"
		t.Private, err = hevcPrivate(u)
	}
	return t, err
}

// packed is a unit as containers hold it: NAL units behind their length, OBUs with their size.
func packed(c Codec, u Unit) []byte {
	switch c {
	case H264, H265:
		b := make([]byte, 0, u.Size()+4*len(u.Parts))
		for _, nal := range u.Parts {
			b = binary.BigEndian.AppendUint32(b, uint32(len(nal)))
			b = append(b, nal...)
		}
		return b
	case AV1:
		b := make([]byte, 0, u.Size()+4*len(u.Parts))
		for _, obu := range u.Parts {
			b = appendOBU(b, obu)
		}
		return b
	}
	return u.Parts[0]
}

// appendOBU adds an OBU with its size field.
func appendOBU(b, obu []byte) []byte {
	body := obuBody(obu)
	b = append(b, obu[:len(obu)-len(body)]...)
	b[len(b)-(len(obu)-len(body))] |= obuHasSize
	b = appendLEB128(b, len(body))
	return append(b, body...)
}

// av1Private is av1C. AV1 in ISOBMFF, 2.3.
func av1Private(u Unit) ([]byte, error) {
	for _, obu := range u.Parts {
		if obuType(obu) != obuSequence {
			continue
		}
		s, err := parseSequence(obuBody(obu))
		if err != nil {
			return nil, err
		}
		flags := byte(s.tier<<7 | s.samplePosition&3)
		for bit, set := range []bool{s.subsampling, s.subsamplingX, s.monochrome, s.twelveBit, s.highBitDepth} {
			if set {
				flags |= 1 << (bit + 2)
			}
		}
		return appendOBU([]byte{0x81, byte(s.profile<<5 | s.level), flags, 0}, obu), nil
	}
	return nil, errNoParameters
}

// avcPrivate is avcC. ISO/IEC 14496-15, 5.3.3.1.
func avcPrivate(u Unit) ([]byte, error) {
	var sps, pps []byte
	for _, nal := range u.Parts {
		switch {
		case nal[0]&0x1f == nalSPS && sps == nil && len(nal) >= 4:
			sps = nal
		case nal[0]&0x1f == nalPPS && pps == nil:
			pps = nal
		}
	}
	if sps == nil || pps == nil {
		return nil, errNoParameters
	}
	b := []byte{1, sps[1], sps[2], sps[3], 0xFF, 0xE1} // lengths of 4 bytes, one SPS
	b = binary.BigEndian.AppendUint16(b, uint16(len(sps)))
	b = append(append(b, sps...), 1)
	b = binary.BigEndian.AppendUint16(b, uint16(len(pps)))
	b = append(b, pps...)
	switch sps[1] {
	case 100, 110, 122, 144:
		b = append(b, 0xFC|1, 0xF8, 0xF8, 0) // 4:2:0, 8 bits: what WebRTC has
	}
	return b, nil
}

// hevcPrivate is hvcC. ISO/IEC 14496-15, 8.3.3.1.
func hevcPrivate(u Unit) ([]byte, error) {
	sets := map[int][]byte{}
	for _, nal := range u.Parts {
		if kind := hevcType(nal); sets[kind] == nil {
			sets[kind] = nal
		}
	}
	// Two bytes of header, one before profile_tier_level, whose first 12 bytes are copied.
	sps := unescape(sets[hevcSPS])
	if len(sps) < 3+12 || sets[hevcVPS] == nil || sets[hevcPPS] == nil {
		return nil, errNoParameters
	}
	b := append([]byte{1}, sps[3:15]...)
	b = append(b, 0xF0, 0, 0xFC, 0xFC|1, 0xF8, 0xF8, 0, 0) // no segmentation, parallelism unknown, 4:2:0, 8 bits, any rate
	b = append(b, (sps[2]>>1&7+1)<<3|sps[2]&1<<2|3, 3)     // layers, lengths of 4 bytes; three arrays
	for _, kind := range []int{hevcVPS, hevcSPS, hevcPPS} {
		b = append(b, byte(kind), 0, 1)
		b = binary.BigEndian.AppendUint16(b, uint16(len(sets[kind])))
		b = append(b, sets[kind]...)
	}
	return b, nil
}

// unescape removes emulation prevention bytes.
func unescape(nal []byte) []byte {
	out := make([]byte, 0, len(nal))
	for i, c := range nal {
		if c == 3 && i >= 2 && nal[i-1] == 0 && nal[i-2] == 0 {
			continue
		}
		out = append(out, c)
	}
	return out
}
