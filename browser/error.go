package browser

import (
	"errors"
	"net/url"

	"github.com/ffegress/ffegress/ffpipe"
)

// PageError says that the page could not be loaded, or says itself that it has
// failed. It is the requester's trouble, not ours.
type PageError struct {
	Template bool   // the page shows an error of its own
	Status   int    // HTTP status of the page when that was the reason, else 0
	Reason   string // Chromium's or the page's words, without the URL's secrets
}

// Error has the texts that LiveKit's clients know.
func (e *PageError) Error() string {
	if e.Template {
		return "template error: " + e.Reason
	}
	return "page load error: " + e.Reason
}

var (
	errNotOpen   = errors.New("capture: no page is open")
	errOpenTwice = errors.New("open page: already open")
	errClosed    = errors.New("browser is closed")
)

// redactorFor makes the long values in a page's query secret, where tokens and
// keys are. What it is given is shown in error texts and logs only.
func redactorFor(page string) *ffpipe.Redactor {
	r := ffpipe.NewRedactor()
	u, err := url.Parse(page)
	if err != nil {
		return r
	}
	for name, values := range u.Query() {
		for _, v := range values {
			if len(v) >= 16 && name != "url" && name != "layout" {
				r.Add(v)
			}
		}
	}
	if password, ok := u.User.Password(); ok {
		r.Add(password)
	}
	return r
}
