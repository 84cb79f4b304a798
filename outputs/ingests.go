package outputs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// TwitchIngestList is where Twitch publishes its ingests.
	TwitchIngestList = "https://ingest.twitch.tv/ingests"
	// twitchFallback takes streams from anywhere; it serves while the list was never read.
	twitchFallback = "rtmps://ingest.global-contribute.live-video.net:443/app/{stream_key}"

	ingestTimeout = 2 * time.Second
	ingestFresh   = 10 * time.Minute
	ingestAgain   = 30 * time.Second // after a list that could not be read
	maxIngestList = 1 << 20
	streamKeyMark = "{stream_key}"
)

// Ingests finds out where Twitch wants streams sent. It is shared by all egresses; its zero value asks Twitch.
type Ingests struct {
	URL    string       // of the list; "" = TwitchIngestList
	Client *http.Client // nil = http.DefaultClient
	Log    *slog.Logger // nil discards

	mu       sync.Mutex
	template string // of the last list that could be read
	next     time.Time
}

// twitchURL is twitch://KEY; its address is not known yet.
func twitchURL(key string) (StreamURL, error) {
	u, err := twitchTo(twitchFallback, key)
	if key == "" || err != nil {
		return StreamURL{}, &URLError{Reason: "twitch urls must be of format twitch://{stream_key}"}
	}
	u.redacted = "twitch://" + redactKey(key)
	return u, nil
}

// twitchTo fills a key into an ingest's url template.
func twitchTo(template, key string) (StreamURL, error) {
	scheme, rest, _ := strings.Cut(strings.Replace(template, streamKeyMark, key, 1), "://")
	u, err := parseRTMP(scheme, rest)
	if err != nil || u.Key != key || scheme != "rtmp" && scheme != "rtmps" {
		return StreamURL{}, &URLError{Reason: rtmpFormat}
	}
	u.Twitch, u.id = true, "twitch://"+key
	return u, nil
}

// Resolve gives a Twitch url the address of Twitch's choice, and leaves all others as they are. It takes two seconds
// at most. When the list cannot be read, the one before is used, else the address given or Twitch's global ingest.
func (i *Ingests) Resolve(ctx context.Context, u StreamURL) StreamURL {
	if !u.Twitch {
		return u
	}
	template := i.current(ctx)
	if template == "" {
		if !strings.HasPrefix(u.redacted, "twitch://") {
			return u
		}
		template = twitchFallback
	}
	resolved, err := twitchTo(template, u.Key)
	if err != nil {
		return u
	}
	return resolved
}

// current is the url template to use, "" = none was ever read. One list is fetched at a time.
func (i *Ingests) current(ctx context.Context) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Now().Before(i.next) {
		return i.template
	}
	ctx, cancel := context.WithTimeout(ctx, ingestTimeout)
	defer cancel()
	template, err := i.fetch(ctx)
	if err != nil {
		i.next = time.Now().Add(ingestAgain)
		log := i.Log
		if log == nil {
			log = slog.New(slog.DiscardHandler)
		}
		log.Warn("list of Twitch's ingests could not be read", "error", err, "known", i.template)
		return i.template
	}
	i.template, i.next = template, time.Now().Add(ingestFresh)
	return template
}

func (i *Ingests) fetch(ctx context.Context) (string, error) {
	url, client := i.URL, i.Client
	if url == "" {
		url = TwitchIngestList
	}
	if client == nil {
		client = http.DefaultClient
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("list of ingests: %s", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxIngestList))
	if err != nil {
		return "", fmt.Errorf("list of ingests: %w", err)
	}
	return firstIngest(body)
}

// firstIngest is the first entry's template, the secure one where there is one.
func firstIngest(list []byte) (string, error) {
	var parsed struct {
		Ingests []struct {
			Secure string `json:"url_template_secure"`
			Plain  string `json:"url_template"`
		} `json:"ingests"`
	}
	if err := json.Unmarshal(list, &parsed); err != nil {
		return "", fmt.Errorf("list of ingests: %w", err)
	}
	for _, in := range parsed.Ingests {
		for _, template := range []string{in.Secure, in.Plain} {
			if !strings.HasSuffix(template, "/"+streamKeyMark) {
				continue
			}
			if _, err := twitchTo(template, "key"); err == nil {
				return template, nil
			}
		}
	}
	return "", fmt.Errorf("list of ingests: none of %d can be used", len(parsed.Ingests))
}
