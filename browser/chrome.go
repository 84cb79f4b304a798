package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"github.com/ffegress/ffegress/ffpipe"
)

// chromeWait bounds the start of Chromium up to its first page.
const chromeWait = 30 * time.Second

// chrome is a running Chromium under control.
type chrome struct {
	proc  *ffpipe.Proc
	tools *devtools
	dir   string
	first string // the first page
	rod   *rod.Browser
	page  *rod.Page // the kiosk window's
}

// startChrome starts Chromium on a display and waits for its window's page.
// life bounds the control connection, ctx the start; lost is called when the
// connection ends, which is sooner known than how Chromium did.
func startChrome(ctx, life context.Context, lost func(), o *Options, dir string, d *display, s *sound) (*chrome, error) {
	tools, child, err := newDevtools(lost)
	if err != nil {
		return nil, err
	}
	env := baseEnv(dir, "DISPLAY="+d.name(), "XAUTHORITY="+d.cookie)
	if s != nil {
		env = append(env, "PULSE_SERVER="+s.server(), "PULSE_SINK="+sinkName)
	}
	proc, err := ffpipe.Start(ffpipe.Command{
		Name:  "chromium",
		Path:  o.Chromium,
		Args:  chromiumArgs(chromiumFlags(o, dir), cmp.Or(o.Wait, startPage)),
		Env:   env,
		Extra: child,
		// Nothing of its profile is worth a clean end.
		Log: o.Log,
	})
	if err != nil {
		tools.Close()
		return nil, err
	}
	c := &chrome{proc: proc, tools: tools, dir: dir, first: cmp.Or(o.Wait, startPage)}
	c.rod = rod.New().Client(cdp.New().Start(tools)).NoDefaultDevice().Context(life)
	ready := make(chan error, 1)
	go func() { ready <- c.connect() }()
	timer := time.NewTimer(chromeWait)
	defer timer.Stop()
	select {
	case err = <-ready:
		if err == nil {
			return c, nil
		}
		// Most likely it is ending; what it says then tells more.
		select {
		case <-proc.Done():
		case <-time.After(time.Second):
		}
		c.stop()
	case <-proc.Done():
		c.stop()
		<-ready
	case <-ctx.Done():
		c.stop()
		<-ready
		return nil, fmt.Errorf("start chromium: %w", ctx.Err())
	case <-timer.C:
		c.stop()
		<-ready
		return nil, fmt.Errorf("start chromium: not ready after %v", chromeWait)
	}
	// How it died tells more than what became of the connection.
	var exit *ffpipe.ExitError
	if errors.As(c.exit(), &exit) && !exit.Wanted {
		err = exit
	}
	return nil, fmt.Errorf("start chromium: %w", err)
}

// connect waits for the first page and attaches to it.
func (c *chrome) connect() error {
	if err := c.rod.Connect(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.rod.GetContext())
	defer cancel()
	events := c.rod.Context(ctx).Event()
	for {
		targets, err := proto.TargetGetTargets{}.Call(c.rod)
		if err != nil {
			return err
		}
		for _, t := range targets.TargetInfos {
			if t.Type == proto.TargetTargetInfoTypePage {
				if c.page, err = c.rod.PageFromTarget(t.TargetID); err != nil {
					return err
				}
				return c.awaitStartPage()
			}
		}
		if _, ok := <-events; !ok {
			return errors.New("connection closed")
		}
	}
}

// firstAt says where the first page is, "" while it is under way and the window
// still has its empty document.
const firstAt = `(document.readyState === "complete" || window.waiting) && location.href !== "about:blank" ? location.href : ""`

// awaitStartPage waits for the first page to be there: a navigation that begins
// earlier would be aborted by it. When that is another one than was named, such
// as Chromium's own about an error, it is of no use, and the window is.
func (c *chrome) awaitStartPage() error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		res, err := proto.RuntimeEvaluate{Expression: firstAt, ReturnByValue: true}.Call(c.page)
		var answer *cdp.Error // no context yet
		switch {
		case err != nil && !errors.As(err, &answer):
			return err
		case err != nil || res.Result == nil:
		case res.Result.Value.Str() == c.first:
			return nil
		case res.Result.Value.Str() != "":
			c.first = ""
			return nil
		}
		<-tick.C
	}
}

// exit says how Chromium ended. It complains about the missing session bus all
// the time, which explains no end.
func (c *chrome) exit() error {
	var exit *ffpipe.ExitError
	if !errors.As(c.proc.Err(), &exit) {
		return c.proc.Err()
	}
	told := *exit
	told.Tail = nil
	for _, line := range exit.Tail {
		if !strings.Contains(line, ":ERROR:dbus/") {
			told.Tail = append(told.Tail, line)
		}
	}
	return &told
}

// stop ends Chromium and waits until none of its processes is left.
func (c *chrome) stop() {
	c.tools.Close()
	c.proc.Kill()
	// Its crash handlers are sessions of their own that only its death ends;
	// they hold its stderr open and files in its directory.
	killStrays(c.proc.PID(), c.dir)
	<-c.proc.Done()
}

func profileDir(dir string) string { return filepath.Join(dir, "profile") }
