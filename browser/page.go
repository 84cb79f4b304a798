package browser

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"

	"github.com/ffegress/ffegress/browser/gate"
	"github.com/ffegress/ffegress/ffpipe"
)

// callWait bounds DevTools calls that need no page to think.
const callWait = 5 * time.Second

var errCrashed = errors.New("crashed")

// page is the kiosk window's page: its events come in one goroutine.
type page struct {
	rod     *rod.Page
	browser *rod.Browser
	redact  *ffpipe.Redactor // set before the first load
	gate    *gate.Gate       // nil without
	waits   string           // the address of the page that waits for its query; "" = none does

	started, ended     chan struct{}
	startOnce, endOnce sync.Once
	failed             chan struct{}
	failOnce           sync.Once
	failure            error // written before failed is closed
	logged             bool  // the page has written to its console; see discardLogged
	mu                 sync.Mutex
	console            func(level, text string)
	current            *navigation // the load under way
	cancel             context.CancelFunc
	wg                 sync.WaitGroup
}

// newPage enables what is listened to and starts listening.
func newPage(c *chrome, g *gate.Gate, console func(level, text string)) (*page, error) {
	ctx, cancel := context.WithCancel(c.page.GetContext())
	p := &page{
		rod: c.page.Context(ctx), browser: c.rod.Context(ctx), gate: g, console: console,
		started: make(chan struct{}), ended: make(chan struct{}), failed: make(chan struct{}),
		cancel: cancel,
	}
	if c.first != startPage {
		p.waits = c.first
	}
	events := p.browser.Event()
	p.wg.Go(func() {
		for msg := range events {
			p.handle(msg)
		}
	})
	err := p.within(callWait, func(page *rod.Page) error {
		if err := (proto.RuntimeEnable{}).Call(page); err != nil {
			return err
		}
		if err := (proto.InspectorEnable{}).Call(page); err != nil {
			return err
		}
		if err := (proto.PageSetLifecycleEventsEnabled{Enabled: true}).Call(page); err != nil {
			return err
		}
		// A download would open a bubble.
		return proto.BrowserSetDownloadBehavior{Behavior: proto.BrowserSetDownloadBehaviorBehaviorDeny}.Call(page)
	})
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// Chromium makes no window smaller than this, but a page in one can be.
const minWindowWidth, minWindowHeight = 500, 400

// fit lays the page out in the size of the picture where the window is larger, of which the screen
// would show a part.
func (p *page) fit(width, height int) error {
	if width >= minWindowWidth && height >= minWindowHeight {
		return nil
	}
	return p.within(callWait, func(page *rod.Page) error {
		return proto.EmulationSetDeviceMetricsOverride{Width: width, Height: height, DeviceScaleFactor: 1}.Call(page)
	})
}

// listen changes who gets what the page writes to its console.
func (p *page) listen(console func(level, text string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.console = console
}

// within makes calls with a deadline.
func (p *page) within(d time.Duration, calls func(*rod.Page) error) error {
	ctx, cancel := context.WithTimeout(p.rod.GetContext(), d)
	defer cancel()
	return calls(p.rod.Context(ctx))
}

// handle takes one event. It may make short calls: events queue meanwhile.
func (p *page) handle(msg *rod.Message) {
	if msg.SessionID == "" {
		p.handleTarget(msg)
		return
	}
	if msg.SessionID != p.rod.SessionID {
		return
	}
	switch msg.Method {
	case "Runtime.consoleAPICalled":
		var e proto.RuntimeConsoleAPICalled
		msg.Load(&e)
		p.logLine(&e)
	case "Runtime.exceptionThrown":
		var e proto.RuntimeExceptionThrown
		msg.Load(&e)
		p.tell("exception", exceptionText(e.ExceptionDetails))
	case "Inspector.targetCrashed":
		p.fail(errCrashed)
	case "Page.javascriptDialogOpening":
		// An alert would stand in the picture and stop the page.
		_ = p.within(callWait, func(page *rod.Page) error {
			return proto.PageHandleJavaScriptDialog{Accept: true}.Call(page)
		})
	case "Page.lifecycleEvent":
		var e proto.PageLifecycleEvent
		msg.Load(&e)
		if e.Name == proto.PageLifecycleEventNameLoad && e.FrameID == p.rod.FrameID {
			p.navigating(func(n *navigation) { n.load(e.LoaderID) })
		}
	case "Network.requestWillBeSent":
		var e proto.NetworkRequestWillBeSent
		msg.Load(&e)
		if e.Type == proto.NetworkResourceTypeDocument && e.FrameID == p.rod.FrameID {
			p.navigating(func(n *navigation) { n.ask(e.Request.URL) })
		}
	case "Network.responseReceived":
		var e proto.NetworkResponseReceived
		msg.Load(&e)
		if e.Type == proto.NetworkResourceTypeDocument && e.FrameID == p.rod.FrameID {
			p.navigating(func(n *navigation) { n.respond(e.Response.Status, e.Response.StatusText) })
		}
	}
}

// handleTarget takes the events of the browser as a whole.
func (p *page) handleTarget(msg *rod.Message) {
	switch msg.Method {
	case "Target.targetCrashed":
		var e proto.TargetTargetCrashed
		if msg.Load(&e); e.TargetID == p.rod.TargetID {
			p.fail(errCrashed)
		}
	case "Target.targetDestroyed":
		var e proto.TargetTargetDestroyed
		if msg.Load(&e); e.TargetID == p.rod.TargetID {
			p.fail(errors.New("closed"))
		}
	case "Target.targetCreated":
		var e proto.TargetTargetCreated
		msg.Load(&e)
		if t := e.TargetInfo; t.Type == proto.TargetTargetInfoTypePage && t.TargetID != p.rod.TargetID {
			// Another window would cover the page.
			_ = p.within(callWait, func(page *rod.Page) error {
				_, err := proto.TargetCloseTarget{TargetID: t.TargetID}.Call(p.browser.Context(page.GetContext()))
				return err
			})
		}
	}
}

func (p *page) start() { p.startOnce.Do(func() { close(p.started) }) }
func (p *page) end()   { p.endOnce.Do(func() { close(p.ended) }) }

func (p *page) fail(err error) {
	p.failOnce.Do(func() {
		p.failure = err
		close(p.failed)
	})
}

// close stops listening.
func (p *page) close() {
	p.cancel()
	p.wg.Wait()
}
