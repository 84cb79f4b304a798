package service

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/session"
)

var (
	errNoEgress  = psrpc.NewErrorf(psrpc.NotFound, "egress not found")
	errForeign   = psrpc.NewErrorf(psrpc.PermissionDenied, "pages may not control egresses")
	errPauseMode = psrpc.NewErrorf(psrpc.InvalidArgument, "mode must be slate or cut")
)

// controlled is the answer to what changes an egress.
type controlled struct {
	EgressID string `json:"egress_id,omitempty"`
	Paused   bool   `json:"paused"`
	Error    string `json:"error,omitempty"`
}

// controlHandler lets programs on this machine pause and resume egresses: POST /egress/{id}/pause?mode=slate|cut and
// POST /egress/{id}/resume. It answers with JSON.
func controlHandler(find func(id string) (*session.Session, bool)) http.Handler {
	do := func(act func(*http.Request, *session.Session) error, paused bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			id := r.PathValue("id")
			err := control(r, id, find, act)
			code, reply := http.StatusOK, controlled{EgressID: id, Paused: paused}
			if err != nil {
				code, reply = controlStatus(err), controlled{Error: err.Error()}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(reply)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /egress/{id}/pause", do(func(r *http.Request, run *session.Session) error {
		mode, err := pauseMode(r.FormValue("mode"))
		if err == nil {
			_, err = run.Pause(r.Context(), mode)
		}
		return err
	}, true))
	mux.HandleFunc("POST /egress/{id}/resume", do(func(r *http.Request, run *session.Session) error {
		_, err := run.Resume(r.Context())
		return err
	}, false))
	return mux
}

func control(r *http.Request, id string, find func(string) (*session.Session, bool), act func(*http.Request, *session.Session) error) error {
	if !fromHere(r) {
		return errForeign
	}
	run, ok := find(id)
	if !ok {
		return errNoEgress
	}
	return act(r, run)
}

func pauseMode(text string) (programme.PauseMode, error) {
	switch text {
	case "", programme.Slate.String():
		return programme.Slate, nil
	case programme.Cut.String():
		return programme.Cut, nil
	}
	return 0, errPauseMode
}

// fromHere tells a program on this machine from a page in a browser on it: the one that is recorded, say. Browsers put
// an Origin into every POST, and name the host by which a page reached us, which is not ours if a name server led it here.
func fromHere(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func controlStatus(err error) int {
	var known psrpc.Error
	if errors.As(err, &known) {
		return known.ToHttp()
	}
	return http.StatusInternalServerError
}
