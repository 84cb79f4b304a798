package plan

import (
	"cmp"
	"errors"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/config"
)

// Images are pictures to take every now and then.
type Images struct {
	// Requested is what EgressInfo calls them: the prefix that was asked for.
	Requested string
	Prefix    string // storage path up to the suffix
	Suffix    outputs.ImageSuffix
	Interval  int // seconds
	// Width and Height are those of the encoding where the request has none.
	Width, Height int
	// MaxPending is how many may wait for their store.
	MaxPending int
	// Bare says that no manifest is wanted beside them.
	Bare bool
}

const (
	defaultInterval = 10 // seconds
	leastPending    = 4
)

var imageSuffixes = map[livekit.ImageFileSuffix]outputs.ImageSuffix{
	livekit.ImageFileSuffix_IMAGE_SUFFIX_INDEX:          outputs.ImageIndex,
	livekit.ImageFileSuffix_IMAGE_SUFFIX_TIMESTAMP:      outputs.ImageTimestamp,
	livekit.ImageFileSuffix_IMAGE_SUFFIX_NONE_OVERWRITE: outputs.ImageOverwrite,
}

// images names the image outputs, once and for all. A retry may overwrite those of the try before, as today.
func (w *wish) images(conf *config.Config, e encoding, t outputs.NameTokens) ([]Images, error) {
	var all []Images
	for _, o := range w.want.images {
		prefix, err := outputs.ImagePrefix(o.GetFilenamePrefix(), t)
		if errors.Is(err, outputs.ErrName) {
			return nil, errField("filename_prefix")
		} else if err != nil {
			return nil, err
		}
		if o.GetWidth() > maxSize {
			return nil, errField("width")
		}
		if o.GetHeight() > maxSize {
			return nil, errField("height")
		}
		every := int(cmp.Or(o.GetCaptureInterval(), defaultInterval))
		i := Images{
			Bare: o.GetDisableManifest(), Requested: t.ExpandPath(o.GetFilenamePrefix()), Prefix: prefix,
			Suffix: imageSuffixes[o.GetFilenameSuffix()], Interval: every,
			Width: e.width, Height: e.height,
			MaxPending: max(conf.MaxUploadQueue*60/every, leastPending),
		}
		if o.GetWidth() > 0 {
			i.Width = int(o.GetWidth())
		}
		if o.GetHeight() > 0 {
			i.Height = int(o.GetHeight())
		}
		all = append(all, i)
	}
	return all, nil
}

// imagesOnly says that nothing is made but images, for which no sound is needed.
func (o *outputSet) imagesOnly() bool {
	return len(o.images) > 0 && o.file == nil && o.segments == nil && o.stream == nil && !o.direct
}
