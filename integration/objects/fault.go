package objects

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Fault is trouble that requests meet.
type Fault struct {
	// Match chooses the requests; nil = all.
	Match func(*http.Request) bool
	// Times is how many of them; 0 = all until another fault is set.
	Times int

	// One of these.
	Status int           // answered with this and Code
	Code   string        // of S3, such as AccessDenied
	Body   string        // what is answered instead of S3's XML; JSON
	Hang   bool          // never answered
	Cut    int64         // the connection is cut after so many bytes of the body
	Slow   time.Duration // waited before each 32 KiB of the body
	Spoil  bool          // the body's first byte arrives as another
}

// Request is what a client asked.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Size   int64 // of the body as it was announced, bytes; -1 = it was not
}

// faults stand before the server.
type faults struct {
	next http.Handler

	mu       sync.Mutex
	fault    *Fault
	left     int
	met      int
	requests []Request
	over     context.Context
}

func (f *faults) set(fault *Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.met = fault, 0
	if fault != nil {
		f.left = fault.Times
	}
}

// meet is the fault that a request meets, nil for none.
func (f *faults) meet(r *http.Request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, Request{r.Method, r.URL, r.Header.Clone(), r.ContentLength})
	fault := f.fault
	if fault == nil || fault.Match != nil && !fault.Match(r) {
		return nil
	}
	if fault.Times > 0 {
		if f.left == 0 {
			return nil
		}
		f.left--
	}
	f.met++
	return fault
}

func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := f.meet(r)
	switch {
	case fault == nil:
	case fault.Hang:
		select {
		case <-r.Context().Done():
		case <-f.over.Done():
		}
		panic(http.ErrAbortHandler)
	case fault.Status != 0 && fault.Body != "":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, fault.Body)
		return
	case fault.Status != 0:
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(fault.Status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s, says the test</Message></Error>", fault.Code, fault.Code)
		}
		return
	case fault.Cut > 0:
		_, _ = io.CopyN(io.Discard, r.Body, fault.Cut)
		panic(http.ErrAbortHandler)
	case fault.Slow > 0:
		r.Body = slow{r.Body, fault.Slow}
	case fault.Spoil:
		r.Body = &spoilt{ReadCloser: r.Body}
	}
	f.next.ServeHTTP(w, r)
}

// slow is a body that comes slowly.
type slow struct {
	io.ReadCloser
	every time.Duration
}

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(s.every)
	return s.ReadCloser.Read(p[:min(len(p), 32<<10)])
}

// spoilt is a body with a wrong first byte.
type spoilt struct {
	io.ReadCloser
	done bool
}

func (s *spoilt) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if n > 0 && !s.done {
		p[0]++
		s.done = true
	}
	return n, err
}
