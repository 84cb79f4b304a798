package plan

import (
	"path"
	"slices"
	"strings"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/service/config"
)

// check looks at everything but the source and the file's name, and returns the encoding.
func (w *wish) check() (encoding, error) {
	if w.kind == TypeTrack {
		return encoding{}, nil
	}
	enc, err := w.encoding()
	if err != nil {
		return encoding{}, err
	}
	if err := w.want.checkSegments(); err != nil {
		return encoding{}, err
	}
	if err := w.checkImages(); err != nil {
		return encoding{}, err
	}
	if err := w.want.checkStream(); err != nil {
		return encoding{}, err
	}
	if err := w.checkSocket(); err != nil {
		return encoding{}, err
	}
	w.fitSegments(&enc)
	return enc, w.checkCodecs(&enc)
}

func (o *outputSet) checkSegments() error {
	s := o.segments
	if s == nil {
		return nil
	}
	if s.Protocol < livekit.SegmentedFileProtocol_DEFAULT_SEGMENTED_FILE_PROTOCOL || s.Protocol > protocolFMP4 {
		return errField("output type")
	}
	if _, ok := livekit.SegmentedFileSuffix_name[int32(s.FilenameSuffix)]; !ok {
		return errField("filename_suffix")
	}
	if s.LivePlaylistName == "" {
		return nil
	}
	live, liveName := path.Split(s.LivePlaylistName)
	main, mainName := path.Split(s.PlaylistName)
	if live != "" && live != main {
		return errField("live_playlist_name must be in same directory as playlist_name")
	}
	if playlistStem(liveName) == playlistStem(mainName) {
		return errField("live_playlist_name cannot be identical to playlist_name")
	}
	return nil
}

// playlistStem drops what follows the last dot, as the playlist's name will.
func playlistStem(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i]
	}
	return name
}

func (w *wish) checkImages() error {
	if w.video && w.want.imagesOnly() {
		w.audio = false
	}
	for _, i := range w.want.images {
		if !w.video {
			return errField("audio_only images")
		}
		if _, ok := livekit.ImageFileSuffix_name[int32(i.GetFilenameSuffix())]; !ok {
			return errField("filename_suffix")
		}
	}
	return nil
}

// checkStorage refuses what would have to stay on this machine where that is forbidden.
func (w *wish) checkStorage(conf *config.Config) error {
	if conf.DisallowLocalStorage && conf.Storage.Provider() == "" && slices.Contains(w.want.stored(), nil) {
		return errField("output")
	}
	return nil
}

// checkSupported refuses what is right and not built yet.
func (w *wish) checkSupported() error {
	if w.feature != "" {
		return errUnsupported(w.feature)
	}
	return nil
}
