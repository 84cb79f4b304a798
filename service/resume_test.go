package service

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"github.com/ffegress/ffegress/service/lease"
)

// roomServer answers ListRooms as livekit-server does.
func roomServer(t *testing.T, rooms ...*livekit.Room) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/twirp/livekit.RoomService/ListRooms" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		body, err := proto.Marshal(&livekit.ListRoomsResponse{Rooms: rooms})
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/protobuf")
		_, _ = w.Write(body)
	}))
	t.Cleanup(func() {
		srv.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

// TestRoomLives: a room of the same name that was opened anew is another one.
func TestRoomLives(t *testing.T) {
	for _, c := range []struct {
		name  string
		rooms []*livekit.Room
		sid   string
		want  bool
	}{
		{"lives", []*livekit.Room{{Name: "r", Sid: "RM_1"}}, "RM_1", true},
		{"lives, its sid was not told", []*livekit.Room{{Name: "r", Sid: "RM_1"}}, "", true},
		{"is over", nil, "RM_1", false},
		{"was opened anew", []*livekit.Room{{Name: "r", Sid: "RM_2"}}, "RM_1", false},
		{"another", []*livekit.Room{{Name: "s", Sid: "RM_1"}}, "RM_1", false},
	} {
		s, _ := node(t, 8, "")
		s.conf.WSURL = roomServer(t, c.rooms...)
		got, err := s.roomLives(t.Context(), &livekit.EgressInfo{RoomName: "r", RoomId: c.sid})
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

// TestResumeRefusals: what is told with the end, and what another node may do.
func TestResumeRefusals(t *testing.T) {
	room := &livekit.EgressInfo{EgressId: "EG_1", RoomName: "r", Request: &livekit.EgressInfo_RoomComposite{
		RoomComposite: &livekit.RoomCompositeEgressRequest{RoomName: "r", FileOutputs: []*livekit.EncodedFileOutput{{}}},
	}}
	web := &livekit.EgressInfo{EgressId: "EG_1", Request: &livekit.EgressInfo_Web{Web: &livekit.WebEgressRequest{Url: "http://h/"}}}
	lives := &livekit.Room{Name: "r"}
	for _, c := range []struct {
		name  string
		info  *livekit.EgressInfo
		set   func(*Service)
		rooms []*livekit.Room
		later bool
		want  string
	}{
		{"kind", web, func(*Service) {}, []*livekit.Room{lives}, false, "only RoomComposite"},
		{"room", room, func(*Service) {}, nil, false, "its room is over"},
		{"draining", room, func(s *Service) { s.draining.Store(true) }, []*livekit.Room{lives}, true, "draining"},
		{"runs here", room, func(s *Service) { s.sessions.reserve("EG_1") }, []*livekit.Room{lives}, true, "already exists"},
		{"no answer", room, func(s *Service) { s.conf.WSURL = "ws://127.0.0.1:1" }, nil, true, "ask for the room"},
		{"no key", room, func(s *Service) { s.conf.APIKey = "" }, []*livekit.Room{lives}, true, ""},
	} {
		s, _ := node(t, 8, "")
		s.conf.WSURL, s.conf.APIKey, s.conf.APISecret = roomServer(t, c.rooms...), "key", "a-secret-of-some-length-for-hmac-256"
		c.set(s)
		before := len(s.sessions.ids())
		err := s.resume(t.Context(), &lease.Gone{Info: c.info})
		if err == nil || errors.Is(err, lease.ErrNotNow) != c.later || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(s.sessions.ids()) != before || s.gate.Count() != 0 {
			t.Errorf("%s: %v, %d have a place", c.name, s.sessions.ids(), s.gate.Count())
		}
	}
}
