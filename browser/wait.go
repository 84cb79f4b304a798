package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// rehearseWait bounds how long a page that waits may take to be ready.
const rehearseWait = 10 * time.Second

// waitKey is the query key by which the built-in template is told to wait for
// its query (wait.ts).
const waitKey = "wait"

var errNotWaiting = errors.New("it is not waiting")

// WaitURL is the address at which the built-in template waits for an egress: a
// browser that is there need not load it when one comes.
func WaitURL(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("template base url: %w", err)
	}
	u.Path = cmp.Or(u.Path, "/")
	u.RawQuery = url.Values{waitKey: {""}}.Encode()
	return u.String(), nil
}

// rehearse has the page that a browser waits on do all that it can do ahead.
// Where there is none the browser waits on another, and the page is loaded when
// it is asked for.
func (b *Browser) rehearse(ctx context.Context) {
	if b.page.waits == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rehearseWait)
	defer cancel()
	res, err := proto.RuntimeEvaluate{Expression: "window.waiting.rehearse()", AwaitPromise: true, Silent: true}.Call(b.page.rod.Context(ctx))
	if err == nil && res.ExceptionDetails != nil {
		err = errNotWaiting
	}
	if err != nil {
		b.o.Log.Warn("the page that a browser waits on could not rehearse", "error", err)
	}
}

// begin hands a page that waits the query of the URL it is asked for, when that
// is the same page's. Otherwise, and if the page does not take it, it is to be loaded.
func (p *page) begin(ctx context.Context, to string) bool {
	query, same := queryFor(p.waits, to)
	if !same {
		return false
	}
	p.redactFor(to)
	quoted, err := json.Marshal(query) // is a string of JavaScript's, too
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	answer, err := p.evaluate(ctx, "window.waiting.open("+string(quoted)+")")
	return err == nil && answer == "begun"
}

// queryFor gives the query of a URL that differs from another in it only.
func queryFor(waits, to string) (query string, same bool) {
	if waits == "" {
		return "", false
	}
	a, err := url.Parse(waits)
	if err != nil {
		return "", false
	}
	b, err := url.Parse(to)
	if err != nil {
		return "", false
	}
	query = b.RawQuery
	for _, u := range []*url.URL{a, b} {
		u.RawQuery, u.Path = "", cmp.Or(u.Path, "/")
	}
	return query, a.String() == b.String()
}
