package check

import (
	"context"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/service/config"
)

// DefaultPatience is how long one check may take.
const DefaultPatience = 5 * time.Second

// overtime is what a check gets to clean up after its time.
const overtime = 3 * time.Second

// Options say what to check.
type Options struct {
	File, Body string        // the configuration, as config.Resolve takes it
	Patience   time.Duration // of each check; 0 = DefaultPatience
}

// subject is what the checks look at.
type subject struct {
	conf     *config.Config
	patience time.Duration
}

// one is a check: run gives one result at least, without their name.
type one struct {
	name string
	run  func(context.Context, *subject) []Result
}

// machine are the checks that make sense with any configuration.
var machine = []one{
	{"ffmpeg", checkFFmpeg},
	{"chromium", checkChromium},
	{"xvfb", checkXvfb},
	{"pulseaudio", checkPulseAudio},
	{"fonts", checkFonts},
}

// configured are the checks of what the configuration names.
var configured = []one{
	{"video_encoder", checkVideoEncoder},
	{"redis", checkRedis},
	{"ws_url", checkServer},
	{"api_key", checkKey},
	{"work_dir", checkWorkDir},
	{"outputs", checkOutputs},
	{"storage", checkStorage},
	{"ports", checkPorts},
	{"template_port", checkTemplatePort},
	{"template_base", checkTemplateBase},
}

// Run runs all checks side by side and gives their results to each, in a fixed order and as soon as that allows. It
// returns how many failed.
func Run(ctx context.Context, o Options, each func(Result)) (failed int) {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	tell := func(name string, results []Result) {
		for _, r := range results {
			r.Check = name
			if r.Status == Fail {
				failed++
			}
			each(r)
		}
	}
	conf, results := checkConfig(o.File, o.Body)
	checks := machine
	s := &subject{conf: conf, patience: o.Patience}
	if conf != nil {
		checks = append(checks[:len(checks):len(checks)], configured...)
	} else {
		s.conf = &config.Config{}
	}
	waiting := make([]chan []Result, len(checks))
	for i, c := range checks {
		waiting[i] = make(chan []Result, 1)
		go func() { waiting[i] <- c.bounded(ctx, s) }()
	}
	tell("config", results)
	for i, c := range checks {
		tell(c.name, <-waiting[i])
	}
	return failed
}

// bounded ends also when the check itself does not: a file system can hang for ever.
func (c one) bounded(ctx context.Context, s *subject) []Result {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	done := make(chan []Result, 1)
	go func() { done <- c.run(ctx, s) }()
	timer := time.NewTimer(s.patience + overtime)
	defer timer.Stop()
	select {
	case r := <-done:
		return r
	case <-timer.C:
		return fail(fmt.Sprintf("nothing within %v", s.patience), slow)
	}
}

// slow is the remedy for what took too long by itself.
const slow = "look whether this machine is overloaded or its disk hangs; --timeout gives the checks longer"
