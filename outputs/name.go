package outputs

import (
	"errors"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrName is wrapped by FileName when a requested path can not be a file name.
var ErrName = errors.New("invalid filename")

// ErrRetryUnsafe says that a second try would overwrite the file of the first.
// The text is what clients of LiveKit Egress know.
var ErrRetryUnsafe = errors.New("output configuration does not support retry")

const (
	// maxComponent is what Linux file systems allow for one path component.
	maxComponent = 255
	// maxBase leaves room for the suffix of a temporary beside the file.
	maxBase = 200
)

// knownExtensions are replaced when they are the wrong one; anything else after
// a dot is taken as part of the name. The comparison is case-sensitive.
var knownExtensions = []string{".raw", ".ogg", ".mp3", ".ivf", ".mp4", ".ts", ".webm", ".m3u8", ".jpeg"}

// NameTokens are the values that a filename template may name. Tokens whose
// group is not known (HasRoom, HasPublisher, HasTrack) stay in the name
// literally. A caller keeps one value for the life of an egress, so that a name
// never changes after it was first told.
type NameTokens struct {
	HasRoom          bool // {room_name} {room_id}
	RoomName, RoomID string

	HasPublisher      bool // {publisher_identity}
	PublisherIdentity string

	HasTrack                        bool // {track_id} {track_type} {track_source}
	TrackID, TrackType, TrackSource string

	Time  time.Time // {time} in the local zone, {utc} in UTC
	Retry int       // {retry}; 0 is the first try and gives nothing
}

// FileName returns the path that a requested filepath template stands for, with
// the extension ext (".mp4"). An empty request, or one that ends with a slash,
// gets a generated name, "<room or web>-<time>[-retry]". The result is absolute
// only if the request was; it never leaves the folder that the request names.
func FileName(requested, ext string, t NameTokens) (string, error) {
	if err := checkName(requested); err != nil {
		return "", err
	}
	dir, base := path.Split(t.ExpandPath(requested))
	stem := base
	for _, known := range knownExtensions {
		if s, ok := strings.CutSuffix(base, known); ok {
			stem = s
			break
		}
	}
	if stem == "" {
		stem = t.generated()
	}
	return clipDirs(dir) + clip(stem, maxBase-len(ext)) + ext, nil
}

// ExpandPath cleans a path template, substitutes the known tokens, and cleans
// again: an empty value must make neither an absolute path nor a way upwards.
func (t NameTokens) ExpandPath(requested string) string {
	cleaned := CleanPath(requested)
	expanded := CleanPath(t.Expand(cleaned))
	if !path.IsAbs(cleaned) {
		expanded = strings.TrimLeft(expanded, "/")
	}
	return expanded
}

// Expand substitutes the known tokens in one pass, so that a value which looks
// like a token stays what it is. Values are sanitised.
func (t NameTokens) Expand(template string) string {
	pairs := []string{
		"{time}", t.clock(),
		"{utc}", strings.Replace(t.Time.UTC().Format("20060102150405.000"), ".", "", 1),
		"{retry}", t.retry(),
	}
	if t.HasRoom {
		pairs = append(pairs, "{room_name}", sanitise(t.RoomName), "{room_id}", sanitise(t.RoomID))
	}
	if t.HasPublisher {
		pairs = append(pairs, "{publisher_identity}", sanitise(t.PublisherIdentity))
	}
	if t.HasTrack {
		pairs = append(pairs, "{track_id}", sanitise(t.TrackID),
			"{track_type}", sanitise(t.TrackType), "{track_source}", sanitise(t.TrackSource))
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

func (t NameTokens) clock() string { return t.Time.Local().Format("2006-01-02T150405") }

func (t NameTokens) retry() string {
	if t.Retry <= 0 {
		return ""
	}
	return strconv.Itoa(t.Retry)
}

// generated is the name of a file that was not given one.
func (t NameTokens) generated() string {
	name := "web"
	switch {
	case t.HasRoom && t.RoomName != "":
		name = sanitise(t.RoomName)
	case t.HasTrack && t.TrackID != "":
		name = sanitise(t.TrackID)
	}
	name += "-" + t.clock()
	if r := t.retry(); r != "" {
		name += "-" + r
	}
	return name
}

// RetrySafe returns ErrRetryUnsafe if the retry-th try (0 is the first) would
// write to the path of an earlier one.
func RetrySafe(requested string, retry int) error {
	p := CleanPath(requested)
	if retry <= 0 || p == "" || strings.HasSuffix(p, "/") || strings.Contains(p, "{retry}") {
		return nil
	}
	return ErrRetryUnsafe
}

// CleanPath is the lexical cleaning of a requested path: leading "../" are
// removed, "." and ".." are nothing, a trailing slash stays.
func CleanPath(p string) string {
	if p == "" {
		return ""
	}
	slash := strings.HasSuffix(p, "/")
	p = path.Clean(p)
	for strings.HasPrefix(p, "../") {
		p = p[len("../"):]
	}
	if p == "." || p == ".." {
		return ""
	}
	if slash && p != "/" {
		p += "/"
	}
	return p
}

// sanitise makes a foreign value part of one path component. Signs that turn
// the reading around would show another name than the file has.
func sanitise(value string) string {
	value = strings.Map(func(r rune) rune {
		if r == '/' || r == utf8.RuneError || r == '\u2028' || r == '\u2029' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '_'
		}
		return r
	}, value)
	for strings.Contains(value, "..") {
		value = strings.ReplaceAll(value, "..", "_")
	}
	if value == "." {
		return "_"
	}
	return value
}

func clipDirs(dir string) string {
	parts := strings.Split(dir, "/")
	for i, p := range parts {
		parts[i] = clip(p, maxComponent)
	}
	return strings.Join(parts, "/")
}

// clip cuts s to n bytes at most, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
