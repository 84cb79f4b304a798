package ffpipe

import (
	"net/url"
	"slices"
	"strings"
	"sync"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// Redactor replaces secrets in text. It also knows each secret's URL-escaped
// forms. A nil Redactor changes nothing; all methods are safe for concurrent
// use.
type Redactor struct {
	mu      sync.RWMutex
	secrets []string
	longest int
}

// NewRedactor returns a Redactor for the secrets; empty ones are ignored.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{}
	for _, s := range secrets {
		r.Add(s)
	}
	return r
}

// Add makes one more string secret, from the next call of Redact on.
func (r *Redactor) Add(secret string) {
	if r == nil || secret == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		if !slices.Contains(r.secrets, form) {
			r.secrets = append(r.secrets, form)
			r.longest = max(r.longest, len(form))
		}
	}
}

// Redact returns s with each secret replaced. Overlapping secrets are replaced
// as one, so that no rest of either stays readable.
func (r *Redactor) Redact(s string) string {
	return r.line(s, false)
}

// line redacts one line. When the line was cut, a secret may stand half inside
// its end, so as much as the longest secret could show is dropped there.
func (r *Redactor) line(s string, cut bool) string {
	if r == nil {
		return s
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	keep := len(s)
	if cut {
		keep = max(0, keep-r.longest)
	}
	spans := r.spans(s)
	if len(spans) == 0 {
		return s[:keep]
	}
	var b strings.Builder
	at := 0
	for _, sp := range spans {
		if sp.from >= keep {
			break
		}
		b.WriteString(s[at:sp.from])
		b.WriteString(redacted)
		at = sp.to
	}
	if at < keep {
		b.WriteString(s[at:keep])
	}
	return b.String()
}

type span struct{ from, to int }

// spans returns where secrets stand, merged where they overlap. Called locked.
func (r *Redactor) spans(s string) []span {
	var found []span
	for _, secret := range r.secrets {
		for at := 0; ; {
			i := strings.Index(s[at:], secret)
			if i < 0 {
				break
			}
			found = append(found, span{at + i, at + i + len(secret)})
			at += i + 1 // a secret may overlap itself
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	merged := found[:0]
	for _, sp := range found {
		if n := len(merged); n > 0 && sp.from < merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, sp.to)
			continue
		}
		merged = append(merged, sp)
	}
	return merged
}
