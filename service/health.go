package service

import (
	"encoding/json"
	"net/http"
)

// healthState is whether the node is of use, and why not.
func (s *Service) healthState() (well bool, why string) {
	if len(s.sessions.ids()) > 0 {
		return true, "" // whoever restarts it now loses recordings
	}
	if why = s.closed(); why != "" {
		return false, why
	}
	for _, a := range s.answers() {
		if a.Accept {
			return true, ""
		}
		why = a.Reason
	}
	return false, why
}

// serveHealth answers any request with the load in percent and the running egresses' requests without their secrets: 200
// when the node could take work or is busy doing it, 503 otherwise. A video encoder that was asked for and cannot be used is
// told.
func (s *Service) serveHealth(w http.ResponseWriter, _ *http.Request) {
	well, why := s.healthState()
	body := map[string]any{"CpuLoad": 100 * s.gate.Standing().Ratio()}
	if !well {
		body["Unavailable"] = why
	}
	if why := s.conf.FellBack(); why != "" {
		body["VideoEncoder"] = why
	}
	for _, a := range s.onAir.all() {
		body[a.id] = a.request.Request
	}
	text, err := json.Marshal(body)
	if err != nil {
		s.log.Error("health could not be written", "error", err)
		http.Error(w, "health could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(text, '\n'))
}
