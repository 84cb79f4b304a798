package browser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"

	"github.com/ffegress/ffegress/ffpipe"
)

// retryable are the network errors after which a load is tried again; they are
// known to pass. Timeouts are, too; any other error is final (LiveKit Egress
// does the same).
var retryable = []string{
	"net::ERR_CERT_VERIFIER_CHANGED",
	"net::ERR_CONNECTION_CLOSED",
	"net::ERR_TIMED_OUT",
	"net::ERR_CONNECTION_TIMED_OUT",
}

// answeredErrors are the errors of a navigation that the server answered with
// an error status, and the status that each stands for where no other is told.
var answeredErrors = map[string]int{
	"net::ERR_HTTP_RESPONSE_CODE_FAILURE": 0, // an error status without a page
	"net::ERR_INVALID_AUTH_CREDENTIALS":   http.StatusUnauthorized,
}

var errLoadTimeout = errors.New("load timed out")

// navigation is one load as its events tell it.
type navigation struct {
	before  proto.NetworkLoaderID // the document that was there
	asked   string                // the address that was asked for last, after redirects
	status  int
	text    string
	loaded  bool
	changed chan struct{}
}

func (n *navigation) ask(url string) {
	n.asked = url
	n.notify()
}

func (n *navigation) respond(status int, text string) {
	n.status, n.text = status, text
	n.notify()
}

func (n *navigation) load(loader proto.NetworkLoaderID) {
	if loader != n.before {
		n.loaded = true
		n.notify()
	}
}

func (n *navigation) notify() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// outcome says whether the load is over and with which error.
func (n *navigation) outcome() (over bool, err error) {
	if n.status >= http.StatusBadRequest {
		return true, statusError(n.status, n.text)
	}
	return n.loaded, nil
}

func statusError(status int, text string) *PageError {
	if text == "" { // HTTP/2 has none
		text = http.StatusText(status)
	}
	if text == "" {
		text = "HTTP status"
	}
	return &PageError{Status: status, Reason: fmt.Sprintf("%s (%d)", text, status)}
}

// navigating changes the load under way, if there is one.
func (p *page) navigating(change func(*navigation)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		change(p.current)
	}
}

// redactFor has the secrets of a URL kept out of what is told of its page.
func (p *page) redactFor(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.redact = redactorFor(url)
}

func (p *page) redactor() *ffpipe.Redactor {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.redact
}

// load opens a URL: so many tries of a length, again only after errors that
// pass. It returns a [*PageError] for what is the page's own trouble.
func (p *page) load(ctx context.Context, url string, tries int, each time.Duration) error {
	p.redactFor(url)
	var err error
	for try := range tries {
		if try > 0 {
			p.leave()
		}
		if err = p.try(ctx, url, each); err == nil {
			return p.checkShownError(ctx)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("open page: %w", ctx.Err())
		}
		var pageErr *PageError
		switch {
		case errors.Is(err, errLoadTimeout):
			err = &PageError{Reason: fmt.Sprintf("timed out after %v (%d tries)", each, try+1)}
		case errors.As(err, &pageErr) && slices.Contains(retryable, pageErr.Reason):
		default:
			return err
		}
	}
	return err
}

// try loads once.
func (p *page) try(ctx context.Context, url string, limit time.Duration) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLoadTimeout)
	defer cancel()
	tab := p.rod.Context(ctx)
	nav := &navigation{asked: url, changed: make(chan struct{}, 1)}
	tree, err := proto.PageGetFrameTree{}.Call(tab)
	if err != nil {
		return p.loadFailure(ctx, nav, err)
	}
	nav.before = tree.FrameTree.Frame.LoaderID
	// The network is watched only while loading: later each request would cost.
	if err := (proto.NetworkEnable{}).Call(tab); err != nil {
		return p.loadFailure(ctx, nav, err)
	}
	p.setNavigation(nav)
	defer func() {
		p.setNavigation(nil)
		_ = p.within(callWait, func(page *rod.Page) error {
			if err != nil {
				// First of all: while a navigation waits for its answer, the
				// page's other commands wait with it.
				_ = proto.PageStopLoading{}.Call(page)
			}
			return proto.NetworkDisable{}.Call(page)
		})
	}()
	defer func() { err = p.explain(ctx, nav, err) }()
	var navigateErr error
	navigated := make(chan struct{})
	go func() {
		defer close(navigated)
		res, err := proto.PageNavigate{URL: url}.Call(tab)
		if err == nil && res.ErrorText != "" {
			err = &PageError{Reason: res.ErrorText}
		}
		navigateErr = err
	}()
	defer func() { cancel(); <-navigated }()
	for {
		select {
		case <-navigated:
			if navigateErr != nil {
				return p.loadFailure(ctx, nav, navigateErr)
			}
			return p.awaitLoad(ctx, nav)
		case <-nav.changed:
			if _, err := p.outcome(nav); err != nil {
				return err
			}
		case <-p.failed:
			return &PartError{Part: partNames[partPage], Err: p.failure}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// awaitLoad waits for the load event of a page that has been navigated to. A
// page that asks for the recording to start is loaded, whatever it still waits for.
func (p *page) awaitLoad(ctx context.Context, nav *navigation) error {
	for {
		if over, err := p.outcome(nav); over {
			return err
		}
		select {
		case <-nav.changed:
		case <-p.started:
			return nil
		case <-p.failed:
			return &PartError{Part: partNames[partPage], Err: p.failure}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *page) outcome(nav *navigation) (over bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return nav.outcome()
}

func (p *page) setNavigation(nav *navigation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = nav
}

// loadFailure tells a failed call from a page's error and from the time being up.
func (p *page) loadFailure(ctx context.Context, nav *navigation, err error) error {
	var pageErr *PageError
	switch {
	case errors.As(err, &pageErr):
		return p.answered(nav, pageErr)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	select {
	case <-p.failed:
		return &PartError{Part: partNames[partPage], Err: p.failure}
	default:
		return fmt.Errorf("open page: %w", err)
	}
}

// answered puts the server's status in the place of an error that only says
// that there was one. The status came first, but by another channel: it is
// waited for.
func (p *page) answered(nav *navigation, err *PageError) error {
	status, ok := answeredErrors[err.Reason]
	if !ok {
		return err
	}
	timer := time.NewTimer(callWait)
	defer timer.Stop()
	for {
		if _, statusErr := p.outcome(nav); statusErr != nil {
			return statusErr
		}
		select {
		case <-nav.changed:
		case <-timer.C:
			if status != 0 {
				return statusError(status, "")
			}
			return err
		}
	}
}

// leave makes the next try a new load. A page that hangs is left in vain, which
// the next try finds out.
func (p *page) leave() {
	_ = p.within(callWait, func(page *rod.Page) error {
		_, err := proto.PageNavigate{URL: startPage}.Call(page)
		return err
	})
}

// shownError finds the text of a visible div.error, by which a template says
// that it has failed.
const shownError = `(() => {
	for (const e of document.querySelectorAll("div.error")) {
		if (e.getClientRects().length > 0 && getComputedStyle(e).visibility === "visible" && e.innerText.trim()) {
			return e.innerText.trim();
		}
	}
	return "";
})()`

func (p *page) checkShownError(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	text, err := p.evaluate(ctx, shownError)
	if err != nil {
		return nil // a page that navigates on has no answer; it is asked again until the recording starts
	}
	return p.templateError(text)
}

func (p *page) templateError(text string) error {
	if text == "" {
		return nil
	}
	return &PageError{Template: true, Reason: p.redactor().Redact(text)}
}

// evaluate runs a script that gives a string.
func (p *page) evaluate(ctx context.Context, script string) (string, error) {
	res, err := proto.RuntimeEvaluate{Expression: script, ReturnByValue: true, Silent: true}.Call(p.rod.Context(ctx))
	if err != nil {
		return "", err
	}
	if res.ExceptionDetails != nil || res.Result == nil {
		return "", nil
	}
	return res.Result.Value.Str(), nil
}
