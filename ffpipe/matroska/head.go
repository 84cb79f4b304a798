package matroska

// Track describes a track of the file. Its number is its place among the tracks, from 1 on.
type Track struct {
	Codec   string // Matroska's codec ID: "V_VP8", "A_OPUS"
	Private []byte // CodecPrivate; nil = none
	Video   bool

	Width, Height int // of a picture, pixels

	Rate     int // of sound, Hz
	Channels int
}

// timestampScale is one microsecond in nanoseconds.
const timestampScale = 1000

const (
	typeVideo = 1
	typeAudio = 2
)

// Head is everything before the first cluster.
func Head(tracks ...Track) []byte {
	ebml := appendUint(nil, idEBMLVersion, 1)
	ebml = appendUint(ebml, idEBMLRead, 1)
	ebml = appendUint(ebml, idEBMLMaxID, 4)
	ebml = appendUint(ebml, idEBMLMaxSize, 8)
	ebml = appendString(ebml, idDocType, "matroska")
	ebml = appendUint(ebml, idDocTypeVersion, 4)
	ebml = appendUint(ebml, idDocTypeRead, 2)

	info := appendUint(nil, idTimestampScale, timestampScale)
	info = appendString(info, idMuxingApp, "ffegress")
	info = appendString(info, idWritingApp, "ffegress")

	var entries []byte
	for i, t := range tracks {
		entries = appendBytes(entries, idTrackEntry, t.entry(uint64(i+1)))
	}

	b := appendBytes(nil, idEBML, ebml)
	b = appendID(b, idSegment)
	b = append(b, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF) // of unknown size
	b = appendBytes(b, idInfo, info)
	return appendBytes(b, idTracks, entries)
}

func (t Track) entry(number uint64) []byte {
	b := appendUint(nil, idTrackNumber, number)
	b = appendUint(b, idTrackUID, number)
	b = appendUint(b, idFlagLacing, 0)
	b = appendString(b, idCodecID, t.Codec)
	if t.Private != nil {
		b = appendBytes(b, idCodecPrivate, t.Private)
	}
	if t.Video {
		b = appendUint(b, idTrackType, typeVideo)
		video := appendUint(nil, idPixelWidth, uint64(t.Width))
		video = appendUint(video, idPixelHeight, uint64(t.Height))
		return appendBytes(b, idVideo, video)
	}
	b = appendUint(b, idTrackType, typeAudio)
	audio := appendFloat(nil, idSampling, float64(t.Rate))
	audio = appendUint(audio, idChannels, uint64(t.Channels))
	return appendBytes(b, idAudio, audio)
}
