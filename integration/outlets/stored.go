package outlets

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// storedOffset is the bar of A/V, ms.
const storedOffset = 40.0

// stored are the cases of what is put into files: segments and images.
func stored() []accept.Case {
	return []accept.Case{
		together(order{id: "file-ts-images", title: "Web: a file, MPEG-TS segments and images at once"}, 20*time.Second, storedOffset),
		together(order{id: "file-fmp4-images", title: "v2 template: a file, fMP4 segments and images at once", room: true, fmp4: true}, 20*time.Second, storedOffset),
		together(order{id: "audio-segments", title: "Web, audio only: a file and MPEG-TS segments", audioOnly: true}, 15*time.Second, 0),
		together(order{id: "audio-fmp4", title: "Web, audio only: a file and fMP4 segments", audioOnly: true, fmp4: true}, 15*time.Second, 0),
		killSegmenter(16 * time.Second),
		play("hlsjs-ts", false, 16*time.Second),
		play("hlsjs-fmp4", true, 16*time.Second),
		thumbnail(5 * time.Second),
	}
}

func storedSample() []accept.Case {
	return []accept.Case{together(order{id: "file-ts-images", title: "Web: a file, MPEG-TS segments and images at once"}, 7*time.Second, 0)}
}
