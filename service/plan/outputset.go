package plan

import (
	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// encodedOutputs is what all encoded v1 requests have.
type encodedOutputs interface {
	GetFileOutputs() []*livekit.EncodedFileOutput
	GetStreamOutputs() []*livekit.StreamOutput
	GetSegmentOutputs() []*livekit.SegmentedFileOutput
	GetImageOutputs() []*livekit.ImageOutput
}

// deprecatedOutputs is the single output of 2022; each kind is read only if its list is empty.
type deprecatedOutputs interface {
	GetFile() *livekit.EncodedFileOutput
	GetStream() *livekit.StreamOutput
	GetSegments() *livekit.SegmentedFileOutput
}

var (
	_ encodedOutputs    = (*livekit.RoomCompositeEgressRequest)(nil)
	_ encodedOutputs    = (*livekit.ParticipantEgressRequest)(nil)
	_ deprecatedOutputs = (*livekit.RoomCompositeEgressRequest)(nil)
	_ deprecatedOutputs = (*livekit.WebEgressRequest)(nil)
	_ deprecatedOutputs = (*livekit.TrackCompositeEgressRequest)(nil)
)

// fileWish is a file output of either API.
type fileWish struct {
	kind      livekit.EncodedFileType
	path      string
	bare      bool      // without a manifest
	container container // resolved
}

// outputSet is what a request wants made: at most one file, stream and segments, any number of images.
type outputSet struct {
	file     *fileWish
	stream   *livekit.StreamOutput
	segments *livekit.SegmentedFileOutput
	images   []*livekit.ImageOutput
	direct   bool // Track egress's own file or websocket

	streamProtocol livekit.StreamProtocol // resolved
	urls           []outputs.StreamURL    // of RTMP and SRT streams

	// The store of each output as far as the request names it; nil = as configured.
	fileStore, segmentsStore uploader
	imageStores              []uploader
	v2                       bool
}

func (o *outputSet) empty() bool {
	return o.file == nil && o.stream == nil && o.segments == nil && len(o.images) == 0 && !o.direct
}

// stores reports whether anything is made that must be put somewhere.
func (o *outputSet) stores() bool {
	return o.file != nil || o.segments != nil || len(o.images) > 0 ||
		o.direct && o.streamProtocol != livekit.StreamProtocol_WEBSOCKET
}

func (o *outputSet) readV1(r encodedOutputs) error {
	files, streams, segments := r.GetFileOutputs(), r.GetStreamOutputs(), r.GetSegmentOutputs()
	if d, ok := r.(deprecatedOutputs); ok {
		files = orSingle(files, d.GetFile())
		streams = orSingle(streams, d.GetStream())
		segments = orSingle(segments, d.GetSegments())
	}
	for _, f := range files {
		if err := o.addFile(f); err != nil {
			return err
		}
		o.fileStore = named(f)
	}
	for _, s := range streams {
		if err := o.addStream(s); err != nil {
			return err
		}
	}
	for _, s := range segments {
		if err := o.addSegments(s); err != nil {
			return err
		}
		o.segmentsStore = named(s)
	}
	for _, i := range r.GetImageOutputs() {
		o.images = append(o.images, i)
		o.imageStores = append(o.imageStores, named(i))
	}
	if o.empty() {
		return errField("output")
	}
	return nil
}

// readV2 takes an output's own storage before the request's; the stores that segments and images name themselves are
// of v1 and mean nothing here.
func (o *outputSet) readV2(r unified) error {
	o.v2 = true
	for _, out := range r.GetOutputs() {
		var err error
		store := named(out.GetStorage(), r.GetStorage())
		switch c := out.GetConfig().(type) {
		case *livekit.Output_File:
			err = o.addFile(c.File)
			o.fileStore = store
		case *livekit.Output_Stream:
			err = o.addStream(c.Stream) // nothing is stored
		case *livekit.Output_Segments:
			err = o.addSegments(c.Segments)
			o.segmentsStore = store
		case *livekit.Output_Images:
			o.images = append(o.images, c.Images)
			o.imageStores = append(o.imageStores, store)
		default:
			err = errField("output config")
		}
		if err != nil {
			return err
		}
	}
	if o.empty() {
		return errField("output")
	}
	return nil
}

func orSingle[T any](list []*T, single *T) []*T {
	if len(list) == 0 && single != nil {
		return []*T{single}
	}
	return list
}

// fileOutput is a file output of either API.
type fileOutput interface {
	GetFileType() livekit.EncodedFileType
	GetFilepath() string
	GetDisableManifest() bool
}

func (o *outputSet) addFile(f fileOutput) error {
	if o.file != nil {
		return errField("multiple file outputs")
	}
	o.file = &fileWish{kind: f.GetFileType(), path: f.GetFilepath(), bare: f.GetDisableManifest()}
	return nil
}

func (o *outputSet) addStream(s *livekit.StreamOutput) error {
	if o.stream != nil {
		return errField("multiple stream outputs")
	}
	o.stream = s
	return nil
}

func (o *outputSet) addSegments(s *livekit.SegmentedFileOutput) error {
	if o.segments != nil {
		return errField("multiple segmented file outputs")
	}
	o.segments = s
	return nil
}

// uploader is every message that may name a store.
type uploader interface {
	GetS3() *livekit.S3Upload
	GetGcp() *livekit.GCPUpload
	GetAzure() *livekit.AzureBlobUpload
	GetAliOSS() *livekit.AliOSSUpload
}

var (
	_ uploader = (*livekit.EncodedFileOutput)(nil)
	_ uploader = (*livekit.DirectFileOutput)(nil)
	_ uploader = (*livekit.StorageConfig)(nil)
)

// named is the first of these that names a store, nil if none does.
func named(from ...uploader) uploader {
	for _, u := range from {
		if provider(u) != "" {
			return u
		}
	}
	return nil
}

// stored are the stores of all outputs that need one, as far as the request names them.
func (o *outputSet) stored() []uploader {
	var all []uploader
	if o.file != nil || o.direct && o.streamProtocol != livekit.StreamProtocol_WEBSOCKET {
		all = append(all, o.fileStore)
	}
	if o.segments != nil {
		all = append(all, o.segmentsStore)
	}
	return append(all, o.imageStores...)
}

// provider is the store that a message names, "" = none.
func provider(u uploader) string {
	switch {
	case u.GetS3() != nil:
		return "S3"
	case u.GetGcp() != nil:
		return "GCP"
	case u.GetAzure() != nil:
		return "Azure"
	case u.GetAliOSS() != nil:
		return "AliOSS"
	}
	return ""
}
