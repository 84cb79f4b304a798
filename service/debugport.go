package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/pprof"
	"runtime"
	runtimepprof "runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// maxProfile bounds a profile that takes its time.
const maxProfile = 5 * time.Minute

var errNoProfile = errors.New("no such profile")

// debugHandler serves the state dump and profiles. It is for the loopback.
func (s *Service) debugHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", s.serveState)
	mux.HandleFunc("GET /state/{id}", s.serveState)
	// LiveKit Egress' paths. There is no graph of a pipeline here; the state of the egress says how it stands.
	mux.HandleFunc("GET /gst_pipeline/{id}", s.serveState)
	mux.HandleFunc("GET /pprof/{profile}", s.serveProfile)
	mux.HandleFunc("GET /pprof/{id}/{profile}", s.serveProfile)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func (s *Service) serveState(w http.ResponseWriter, r *http.Request) {
	var what any
	if id := r.PathValue("id"); id == "" {
		what = s.state()
	} else if a, ok := s.onAir.get(id); ok {
		ctx, cancel := context.WithTimeout(r.Context(), askWait)
		defer cancel()
		what = s.egressState(ctx, a, s.gate.Standing(), s.debts.Queue.Backlog())
	} else {
		http.Error(w, "egress not found", http.StatusNotFound)
		return
	}
	text, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n'))
}

// serveProfile takes LiveKit Egress' form of a profile's address: timeout, in seconds, and debug must be given. Sessions
// are in this process, so that an egress' profile is the process'.
func (s *Service) serveProfile(w http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("id"); id != "" {
		if _, ok := s.onAir.get(id); !ok {
			http.Error(w, "egress not found", http.StatusNotFound)
			return
		}
	}
	seconds, err1 := strconv.Atoi(r.FormValue("timeout"))
	debug, err2 := strconv.Atoi(r.FormValue("debug"))
	if err1 != nil || err2 != nil || seconds < 0 {
		http.Error(w, "timeout and debug must be whole numbers", http.StatusBadRequest)
		return
	}
	var body bytes.Buffer
	span := min(time.Duration(seconds)*time.Second, maxProfile)
	err := profile(r.Context(), r.PathValue("profile"), span, debug, &body)
	switch {
	case errors.Is(err, errNoProfile):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(body.Bytes())
	}
}

// profile writes one of the runtime's profiles; the CPU's and the trace take their time.
func profile(ctx context.Context, name string, span time.Duration, debug int, body *bytes.Buffer) error {
	timed := func(start func() error, stop func()) error {
		if err := start(); err != nil {
			return err
		}
		defer stop()
		select {
		case <-time.After(span):
		case <-ctx.Done():
		}
		return nil
	}
	switch name {
	case "cpu", "profile":
		return timed(func() error { return runtimepprof.StartCPUProfile(body) }, runtimepprof.StopCPUProfile)
	case "trace":
		return timed(func() error { return trace.Start(body) }, trace.Stop)
	}
	p := runtimepprof.Lookup(name)
	if p == nil {
		return errNoProfile
	}
	if name == "heap" {
		runtime.GC()
	}
	return p.WriteTo(body, debug)
}
