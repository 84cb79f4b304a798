package service

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/service/session"
)

// node is a service without a bus, on so many cores.
func node(t *testing.T, cores float64, costs string) (*Service, *bytes.Buffer) {
	t.Helper()
	t.Setenv("LIVEKIT_WS_URL", "")
	body := "api_key: key\napi_secret: sesame-api\nws_url: ws://127.0.0.1:1\nwork_dir: " + t.TempDir() + "\ncpu_cost: {" + costs + "}\n"
	conf, _, err := config.Load([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	debts, err := NewDebts(conf, log)
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{
		conf: conf, log: log, debts: debts, reporter: newReporter(&fakeIO{}, time.Second, log), sessions: newSessions(),
		gate: admit.NewGate(admit.BudgetOf(conf.CPUCost, cores)), metrics: newMetrics("NE_1", "here"),
	}
	s.reachable.Store(true)
	s.sessions.freed = s.gate.Release
	s.metrics.labelled.MustRegister(&gauges{s})
	return s, &out
}

// requestTo asks for a page to be recorded into a bucket.
func requestTo(id string) *rpc.StartEgressRequest {
	return &rpc.StartEgressRequest{EgressId: id, Request: &rpc.StartEgressRequest_Web{Web: &livekit.WebEgressRequest{
		Url: "http://127.0.0.1:1/", FileOutputs: []*livekit.EncodedFileOutput{{
			Filepath: "x.mp4",
			Output:   &livekit.EncodedFileOutput_S3{S3: &livekit.S3Upload{Bucket: "films", AccessKey: "sesame-key", Secret: "sesame-s3"}},
		}},
	}}}
}

// air has a session run on the node, as far as those see it who watch.
func air(t *testing.T, s *Service, id string) {
	t.Helper()
	req := requestTo(id)
	p, err := plan.New(s.conf, req)
	if err != nil {
		t.Fatal(err)
	}
	if !s.sessions.reserve(id) {
		t.Fatal("it runs already")
	}
	if err := s.admit(req); err != nil {
		t.Fatal(err)
	}
	s.onAir.add(p, req, session.New(p, session.Options{OnUpdate: func(*livekit.EgressInfo) {}, Log: s.log}))
}

func TestAdmission(t *testing.T) {
	s, log := node(t, 5, "web_cpu_cost: 2, max_cpu_utilization: 0.8")
	if got := s.bid(requestTo("EG_1")); got != affinityIdle {
		t.Errorf("an idle node bids %v", got)
	}
	air(t, s, "EG_1")
	if got := s.bid(requestTo("EG_2")); got != affinityBusy {
		t.Errorf("a node with room bids %v", got)
	}
	air(t, s, "EG_2")
	if got := s.bid(requestTo("EG_3")); got != affinityNone {
		t.Errorf("a full node bids %v", got)
	}
	if !strings.Contains(log.String(), "no bid") {
		t.Errorf("the log does not say why there is no bid:\n%s", log)
	}
	s.sessions.reserve("EG_3")
	err := s.admit(requestTo("EG_3"))
	var code psrpc.Error
	if err == nil || err.Error() != "not enough CPU" || !asPSRPC(err, &code) || code.Code() != psrpc.Unavailable {
		t.Errorf("refused with %v", err)
	}
	for _, want := range []string{"egressID=EG_3", "neededCores=2", "freeCores=0", "CPU: needs 2.00 cores, free are 0.00 of 4.00"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	s.sessions.settle("EG_1") // only its upload remains
	if err := s.admit(requestTo("EG_3")); err != nil {
		t.Errorf("beside an upload: %v", err)
	}
	s.sessions.remove("EG_1")
	s.sessions.remove("EG_2")
	s.sessions.remove("EG_3")
	if n := s.gate.Count(); n != 0 {
		t.Errorf("%d places are still taken", n)
	}
}

func asPSRPC(err error, to *psrpc.Error) bool {
	e, ok := err.(psrpc.Error)
	*to = e
	return ok
}

// TestAdmissionOfWhatIsWrong: who asks for nonsense is to be told so, and not that there is no room.
func TestAdmissionOfWhatIsWrong(t *testing.T) {
	s, _ := node(t, 1, "web_cpu_cost: 2")
	air(t, s, "EG_1")
	bad := &rpc.StartEgressRequest{EgressId: "EG_2", Request: &rpc.StartEgressRequest_Participant{Participant: &livekit.ParticipantEgressRequest{}}}
	if err := s.admit(bad); err != nil {
		t.Errorf("%v", err)
	}
}

func TestAdmissionBeyond(t *testing.T) {
	s, log := node(t, 1, "web_cpu_cost: 4")
	if got := s.bid(requestTo("EG_1")); got != affinityAttempt {
		t.Errorf("bids %v", got)
	}
	air(t, s, "EG_1")
	if !strings.Contains(log.String(), "an egress may be too much for this node") {
		t.Errorf("no warning:\n%s", log)
	}
}

func TestClosed(t *testing.T) {
	s, _ := node(t, 8, "")
	all := func(want bool) {
		t.Helper()
		for _, a := range s.answers() {
			if a.Accept != want || want != (a.Reason == "") {
				t.Errorf("%+v", a)
			}
		}
	}
	all(true)
	s.reachable.Store(false)
	all(false)
	s.reachable.Store(true)
	s.reporter.count(true)
	all(false)
	s.reporter.count(false)
	s.draining.Store(true)
	all(false)
	if got := s.StartEgressAffinity(t.Context(), requestTo("EG_1")); got != affinityNone {
		t.Errorf("a draining node bids %v", got)
	}
	if _, err := s.StartEgress(t.Context(), requestTo("EG_1")); err == nil || err.Error() != "server is shutting down" {
		t.Errorf("a draining node says %v", err)
	}
	s.draining.Store(false)
	s.reporter.count(true)
	if _, err := s.StartEgress(t.Context(), requestTo("EG_1")); err == nil || err.Error() != "server is shutting down" {
		t.Errorf("a node whose updates are not taken says %v", err)
	}
}

// TestTooFewCores: a node that could never take anything does not start; one that could not take everything says so.
func TestTooFewCores(t *testing.T) {
	costs := config.CPUCost{
		RoomComposite: 4, AudioRoomComposite: 1, SDKAudioRoomComposite: 1, Web: 4, AudioWeb: 1, Participant: 2, TrackComposite: 1, Track: 0.5,
	}
	for _, tt := range []struct {
		request string
		err     string
		says    string
	}{
		{"0.4", "not enough cpu: the cheapest request is reckoned to take 0.50 cores (cpu_cost), there are 0.40", ""},
		{"2", "", "more cores than there are"},
		{"4", "", ""},
	} {
		t.Setenv("LIVEKIT_CPU_REQUEST", tt.request)
		var out bytes.Buffer
		_, err := newGate(costs, slog.New(slog.NewTextHandler(&out, nil)))
		if (err != nil) != (tt.err != "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s cores: %v, want %q", tt.request, err, tt.err)
		}
		if (tt.says == "") != (out.Len() == 0) || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%s cores: %s, want %q", tt.request, &out, tt.says)
		}
	}
}
