package rtpfeed

import "fmt"

// sequence is what is needed of an AV1 sequence header. AV1 bitstream specification, 5.5.
type sequence struct {
	profile, level, tier      int
	width, height             int
	highBitDepth, twelveBit   bool
	monochrome                bool
	subsamplingX, subsampling bool // horizontally, vertically
	samplePosition            int
}

// parseSequence reads a sequence header OBU's body.
func parseSequence(body []byte) (s sequence, err error) {
	r := bitReader{data: body}
	s.profile = r.bits(3)
	r.bits(1) // still_picture
	reduced := r.flag()
	decoderModel, delayLength := false, 0
	if reduced {
		s.level = r.bits(5)
	} else {
		if r.flag() { // timing_info_present_flag
			r.bits(32)
			r.bits(32)
			if r.flag() { // equal_picture_interval
				r.uvlc()
			}
			if decoderModel = r.flag(); decoderModel {
				delayLength = r.bits(5) + 1
				r.bits(32)
				r.bits(10)
			}
		}
		display := r.flag()
		points := r.bits(5) + 1
		for i := range points {
			r.bits(12)
			level, tier := r.bits(5), 0
			if level > 7 {
				tier = r.bits(1)
			}
			if i == 0 {
				s.level, s.tier = level, tier
			}
			if decoderModel && r.flag() {
				r.bits(delayLength)
				r.bits(delayLength)
				r.bits(1)
			}
			if display && r.flag() {
				r.bits(4)
			}
		}
	}
	widthBits, heightBits := r.bits(4)+1, r.bits(4)+1
	s.width, s.height = r.bits(widthBits)+1, r.bits(heightBits)+1
	if !reduced && r.flag() { // frame_id_numbers_present_flag
		r.bits(7)
	}
	r.bits(3) // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
	if !reduced {
		r.tools()
	}
	r.bits(3) // enable_superres, enable_cdef, enable_restoration
	s.colour(&r)
	if r.failed {
		return sequence{}, fmt.Errorf("%w: AV1 sequence header", errFrame)
	}
	return s, nil
}

// tools are the flags of coding tools that a reduced header leaves out.
func (r *bitReader) tools() {
	r.bits(4) // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter
	hint := r.flag()
	if hint {
		r.bits(2)
	}
	force := 2 // SELECT_SCREEN_CONTENT_TOOLS
	if !r.flag() {
		force = r.bits(1)
	}
	if force > 0 && !r.flag() {
		r.bits(1)
	}
	if hint {
		r.bits(3)
	}
}

// colour reads color_config().
func (s *sequence) colour(r *bitReader) {
	const srgb = 1<<16 | 13<<8 // BT.709 primaries, sRGB transfer, identity matrix
	s.highBitDepth = r.flag()
	if s.profile == 2 && s.highBitDepth {
		s.twelveBit = r.flag()
	}
	s.monochrome = s.profile != 1 && r.flag()
	description := 2<<16 | 2<<8 | 2
	if r.flag() {
		description = r.bits(24)
	}
	s.subsamplingX, s.subsampling = true, true
	if s.monochrome {
		r.bits(1)
		return
	}
	if description == srgb {
		s.subsamplingX, s.subsampling = false, false
		return
	}
	r.bits(1) // color_range
	switch {
	case s.profile == 1:
		s.subsamplingX, s.subsampling = false, false
	case s.profile == 2 && s.twelveBit:
		s.subsamplingX = r.flag()
		s.subsampling = s.subsamplingX && r.flag()
	case s.profile == 2:
		s.subsampling = false
	}
	if s.subsamplingX && s.subsampling {
		s.samplePosition = r.bits(2)
	}
}

// bitReader reads big-endian bits; once it has failed it gives zeros.
type bitReader struct {
	data   []byte
	at     int // bits
	failed bool
}

func (r *bitReader) bits(n int) (v int) {
	if r.failed || r.at+n > 8*len(r.data) {
		r.failed = true
		return 0
	}
	for range n {
		v = v<<1 | int(r.data[r.at/8]>>(7-r.at%8))&1
		r.at++
	}
	return v
}

func (r *bitReader) flag() bool { return r.bits(1) == 1 }

// uvlc skips a number of variable length. AV1 bitstream specification, 4.10.3.
func (r *bitReader) uvlc() {
	zeros := 0
	for !r.failed && !r.flag() {
		zeros++
	}
	if zeros < 32 {
		r.bits(zeros)
	}
}
