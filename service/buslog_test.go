package service

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"google.golang.org/protobuf/proto"
)

func TestLogCall(t *testing.T) {
	for _, tt := range []struct {
		req  proto.Message
		err  error
		want string
	}{
		{&livekit.StopEgressRequest{EgressId: "EG_1"}, nil, `msg="call made" egressID=EG_1 service=S method=M took=`},
		{requestTo("EG_2"), errors.New("no room"), `egressID=EG_2 error="no room" service=S`},
		{&rpc.ListActiveEgressRequest{}, nil, `msg="call made" service=S`},
	} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		logCall(t.Context(), log, "call made", psrpc.RPCInfo{Service: "S", Method: "M"}, tt.req, time.Now(), tt.err)
		if !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "sesame") {
			t.Errorf("%s, want %s", out.String(), tt.want)
		}
	}
}
