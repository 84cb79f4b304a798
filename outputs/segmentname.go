package outputs

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxStem leaves room for what is put behind a prefix: a number or a time stamp,
// the extension, and the suffix of a temporary beside the file.
const maxStem = maxBase - len("_20060102150405000.jpeg")

// SegmentNames are the storage paths of a segmented output, without the
// configured prefix.
type SegmentNames struct {
	Playlist string // with its folder and extension
	Live     string // in the same folder; "" = none is made
	Prefix   string // of segments, relative to the playlists' folder
}

// NewSegmentNames resolves the names of a request as LiveKit Egress does: the
// playlist's folder is the storage folder, or the prefix's where it has none; a
// prefix's own folder, if it is another, is below that. Each of the two names is
// the other's default. An unusable name is ErrName.
func NewSegmentNames(prefix, playlist, live string, t NameTokens) (SegmentNames, error) {
	for _, name := range []string{prefix, playlist, live} {
		if err := checkName(name); err != nil {
			return SegmentNames{}, err
		}
	}
	prefixDir, stem := path.Split(t.ExpandPath(prefix))
	dir, list := path.Split(t.ExpandPath(playlist))
	_, liveList := path.Split(t.ExpandPath(live))
	switch {
	case dir == "":
		dir, prefixDir = prefixDir, ""
	case prefixDir == dir:
		prefixDir = ""
	}
	list = withoutExtension(list)
	if list == "" {
		list = stem
	}
	if list == "" {
		list = t.generated()
	}
	if stem == "" {
		stem = list
	}
	names := SegmentNames{
		Playlist: clipDirs(dir) + clip(list, maxStem) + ".m3u8",
		Prefix:   clipDirs(strings.TrimLeft(prefixDir, "/")) + clip(stem, maxStem),
	}
	if liveList = withoutExtension(liveList); liveList != "" {
		names.Live = clipDirs(dir) + clip(liveList, maxStem) + ".m3u8"
	}
	return names, nil
}

// file is the storage path of something beside the playlists.
func (n SegmentNames) file(relative string) string { return path.Join(path.Dir(n.Playlist), relative) }

// indexSuffix and timeSuffix are what tells segments, or images, apart.
func indexSuffix(n int64) string { return fmt.Sprintf("_%05d", n) }

func timeSuffix(at time.Time) string {
	return "_" + strings.Replace(at.Local().Format("20060102150405.000"), ".", "", 1)
}

// ImagePrefix returns the storage path of an image output up to its suffix. An
// unusable one is ErrName.
func ImagePrefix(requested string, t NameTokens) (string, error) {
	if err := checkName(requested); err != nil {
		return "", err
	}
	dir, stem := path.Split(t.ExpandPath(requested))
	if stem == "" {
		stem = t.generated()
	}
	return clipDirs(dir) + clip(stem, maxStem), nil
}

// withoutExtension drops what follows the last dot, whatever it is.
func withoutExtension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i]
	}
	return name
}

func checkName(requested string) error {
	if strings.ContainsFunc(requested, unicode.IsControl) || !utf8.ValidString(requested) {
		return fmt.Errorf("%w: control characters or broken text in %q", ErrName, requested)
	}
	return nil
}
