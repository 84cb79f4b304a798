package rtpfeed

import (
	"time"

	"github.com/livekit/protocol/livekit"
)

// Track is what is known of a subscribed track.
type Track struct {
	SID, Name                 string
	Identity, ParticipantName string
	ParticipantKind           livekit.ParticipantInfo_Kind
	Source                    livekit.TrackSource
	Codec                     Codec
	ClockRate                 uint32 // of RTP timestamps, Hz
	Channels                  int    // of sound, as signalled: Opus says 2 whatever is in it
	Width, Height             uint32 // of the publisher's picture, as signalled; a layer may be smaller
	Muted                     bool   // when it was subscribed
	Encrypted                 bool
}

// Unit is one frame of a track, in decoding order: an access unit, a VP8 frame, a VP9 superframe, an AV1 temporal
// unit, or the payload of one packet of sound.
type Unit struct {
	// Parts are NAL units without start codes (H264, H265) or OBUs without size field (AV1), else there is one. They
	// belong to the receiver.
	Parts     [][]byte
	Timestamp uint32    // RTP, of the track's clock rate
	Arrived   time.Time // of its first packet
	Keyframe  bool      // decoding may begin here; always true of sound
	// Lost is how many packets never came between the unit before and this one; 0 is an unbroken chain.
	Lost int
	// Width and Height are those of a keyframe, in pixels, where the bitstream tells them.
	Width, Height int
}

// Size is how many bytes of media the unit has.
func (u Unit) Size() int {
	n := 0
	for _, p := range u.Parts {
		n += len(p)
	}
	return n
}

// Report is an RTCP sender report (RFC 3550 section 6.4.1): RTP is the track's timestamp at NTP of the sender's clock.
type Report struct {
	NTP     uint64 // 32.32 fixed point, seconds since 1900
	RTP     uint32
	Arrived time.Time
}
