package outputs

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Names of ffmpeg's options that hold secrets.
const (
	srtStreamID   = "srt_streamid"
	srtPassphrase = "passphrase"
)

// Of libsrt, which refuses others.
const (
	srtPassphraseMin = 10
	srtPassphraseMax = 79
	srtStreamIDMax   = 512
)

// srtNumbers are the query's names that become options of ffmpeg's, with what their value is multiplied by: urls give
// latencies in milliseconds, as GStreamer and srt-live-transmit do, and ffmpeg wants microseconds.
var srtNumbers = map[string]struct {
	option string
	factor int64
}{
	"latency":             {"latency", 1000},
	"rcvlatency":          {"rcvlatency", 1000},
	"peerlatency":         {"peerlatency", 1000},
	"pbkeylen":            {"pbkeylen", 1},
	"maxbw":               {"maxbw", 1},
	"inputbw":             {"inputbw", 1},
	"oheadbw":             {"oheadbw", 1},
	"mss":                 {"mss", 1},
	"ipttl":               {"ipttl", 1},
	"iptos":               {"iptos", 1},
	"tlpktdrop":           {"tlpktdrop", 1},
	"enforced_encryption": {"enforced_encryption", 1},
	"enforcedencryption":  {"enforced_encryption", 1},
}

// parseSRT takes host:port(?query). Stream ids of SRT's access control hold a '#', which is none of a fragment here.
func parseSRT(rest string) (StreamURL, error) {
	authority, query, hasQuery := strings.Cut(rest, "?")
	authority = strings.TrimSuffix(authority, "/")
	bad := &URLError{Reason: srtFormat}
	host, err := url.Parse("srt://" + authority)
	if err != nil || host.Hostname() == "" || host.Port() == "" || host.User != nil || host.Path != "" || host.Fragment != "" {
		return StreamURL{}, bad
	}
	u := StreamURL{
		Protocol: SRT, ServerName: host.Hostname(), Address: net.JoinHostPort(host.Hostname(), host.Port()),
		SRTOption: map[string]string{}, id: "srt://" + rest, redacted: "srt://" + host.Host,
	}
	if hasQuery {
		u.redacted += "?" + redactValues(query)
	}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		if err := u.setSRT(name, value); err != nil {
			return StreamURL{}, err
		}
	}
	return u, nil
}

// setSRT takes one value of the query; names that mean nothing here are ignored, as today.
func (u *StreamURL) setSRT(name, value string) error {
	switch name {
	case "streamid":
		if len(value) > srtStreamIDMax || strings.ContainsAny(value, "\r\n\x00") {
			return &URLError{Reason: "streamid is too long or holds a control character"}
		}
		if value != "" {
			u.SRTOption[srtStreamID] = value
		}
		return nil
	case "passphrase":
		if value == "" {
			return nil
		}
		if len(value) < srtPassphraseMin || len(value) > srtPassphraseMax || strings.ContainsAny(value, "\r\n\x00") {
			return &URLError{Reason: "passphrase must have 10 to 79 characters"}
		}
		u.SRTOption[srtPassphrase] = value
		return nil
	case "mode":
		if value != "" && value != "caller" {
			return &URLError{Reason: "only mode=caller is supported"}
		}
		return nil
	}
	number, known := srtNumbers[name]
	if !known || value == "" {
		return nil
	}
	switch value {
	case "true", "yes":
		value = "1"
	case "false", "no":
		value = "0"
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < -1 || n > 1<<40 {
		return &URLError{Reason: name + " must be a number"}
	}
	u.SRTOption[number.option] = strconv.FormatInt(n*number.factor, 10)
	return nil
}
