package rig

import (
	"encoding/binary"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// SocketServer is a WebSocket server that keeps the sound that it hears.
type SocketServer struct {
	server *httptest.Server
	mu     sync.Mutex
	heard  Heard
	pcm    []byte
}

// Heard is what a SocketServer has been told.
type Heard struct {
	First, Last time.Time     // arrivals of sound
	Length      time.Duration // of the sound
	Longest     time.Duration // time between two frames of sound
	Frames      map[int]int   // how many have how many bytes
	Texts       []string
	ContentType string // of the last handshake
	Connections int
	Bye         bool // the last connection was closed by a close frame
}

// Sound over a WebSocket: s16le, stereo, 48 kHz.
const (
	socketSample = 4 // bytes
	socketRate   = 48000
)

// StartSocketServer listens on the loopback.
func StartSocketServer() *SocketServer {
	s := &SocketServer{heard: Heard{Frames: map[int]int{}}}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

func (s *SocketServer) serve(rw http.ResponseWriter, r *http.Request) {
	var up websocket.Upgrader
	conn, err := up.Upgrade(rw, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	s.mu.Lock()
	s.heard.ContentType = r.Header.Get("Content-Type")
	s.heard.Connections++
	s.mu.Unlock()
	for {
		kind, data, err := conn.ReadMessage()
		s.mu.Lock()
		switch {
		case err != nil:
			s.heard.Bye = websocket.IsCloseError(err, websocket.CloseNoStatusReceived)
		case kind == websocket.TextMessage:
			s.heard.Texts = append(s.heard.Texts, string(data))
		default:
			s.listen(data, time.Now())
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// listen is called locked.
func (s *SocketServer) listen(data []byte, now time.Time) {
	if s.heard.First.IsZero() {
		s.heard.First = now
	} else {
		s.heard.Longest = max(s.heard.Longest, now.Sub(s.heard.Last))
	}
	s.heard.Last = now
	s.heard.Frames[len(data)]++
	s.pcm = append(s.pcm, data...)
	s.heard.Length = time.Duration(len(s.pcm)/socketSample) * time.Second / socketRate
}

// Address is a url of the server.
func (s *SocketServer) Address(path string) string {
	return "ws" + strings.TrimPrefix(s.server.URL, "http") + path
}

// Heard is what was heard so far.
func (s *SocketServer) Heard() Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.heard
	h.Texts, h.Frames = slices.Clone(h.Texts), maps.Clone(h.Frames)
	return h
}

// Wave makes a file of what was heard so far.
func (s *SocketServer) Wave(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	head := append([]byte("RIFF"), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(head[4:], uint32(36+len(s.pcm)))
	head = append(head, "WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"...)
	head = binary.LittleEndian.AppendUint32(head, socketRate)
	head = binary.LittleEndian.AppendUint32(head, socketRate*socketSample)
	head = append(head, "\x04\x00\x10\x00data"...)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(s.pcm)))
	return os.WriteFile(path, append(head, s.pcm...), 0o644)
}

// Close ends the server.
func (s *SocketServer) Close() { s.server.Close() }
