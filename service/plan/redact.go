package plan

import (
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"google.golang.org/protobuf/proto"
)

// Redact returns a copy of a request without its secrets: each is replaced by its field's name in braces, stream keys
// and query values of what is sent to are blanked, and passwords and secret query values of pages. Webhooks stay, because livekit-server reads them from EgressInfo.
func Redact(req *rpc.StartEgressRequest) *rpc.StartEgressRequest {
	clean := proto.CloneOf(req)
	clean.Token = name(clean.Token, "token")
	switch r := clean.Request.(type) {
	case *rpc.StartEgressRequest_RoomComposite:
		redactEncoded(r.RoomComposite)
		if room := r.RoomComposite; room != nil {
			room.CustomBaseUrl = redactPage(room.CustomBaseUrl)
		}
	case *rpc.StartEgressRequest_Web:
		redactEncoded(r.Web)
		if web := r.Web; web != nil {
			web.Url = redactPage(web.Url)
		}
	case *rpc.StartEgressRequest_Participant:
		redactEncoded(r.Participant)
	case *rpc.StartEgressRequest_TrackComposite:
		redactEncoded(r.TrackComposite)
	case *rpc.StartEgressRequest_Track:
		redactTrack(r.Track)
	case *rpc.StartEgressRequest_Egress:
		redactUnified(r.Egress)
	case *rpc.StartEgressRequest_Replay:
		redactUnified(r.Replay)
	}
	return clean
}

func redactEncoded(r encodedOutputs) {
	files, streams, segments := r.GetFileOutputs(), r.GetStreamOutputs(), r.GetSegmentOutputs()
	if d, ok := r.(deprecatedOutputs); ok {
		// Both forms may be there; only one is used, neither may leak.
		files = append(files[:len(files):len(files)], d.GetFile())
		streams = append(streams[:len(streams):len(streams)], d.GetStream())
		segments = append(segments[:len(segments):len(segments)], d.GetSegments())
	}
	for _, f := range files {
		redactUpload(f)
	}
	for _, s := range streams {
		redactStream(s)
	}
	for _, s := range segments {
		redactUpload(s)
	}
	for _, i := range r.GetImageOutputs() {
		redactUpload(i)
	}
}

func redactTrack(r *livekit.TrackEgressRequest) {
	redactUpload(r.GetFile())
	if ws, ok := r.GetOutput().(*livekit.TrackEgressRequest_WebsocketUrl); ok {
		ws.WebsocketUrl = redactURL(ws.WebsocketUrl)
	}
}

func redactUnified(r unified) {
	redactUpload(r.GetStorage())
	if t := r.GetTemplate(); t != nil {
		t.CustomBaseUrl = redactPage(t.CustomBaseUrl)
	}
	if web := r.GetWeb(); web != nil {
		web.Url = redactPage(web.Url)
	}
	for _, out := range r.GetOutputs() {
		redactUpload(out.GetStorage())
		redactStream(out.GetStream())
		redactUpload(out.GetSegments())
		redactUpload(out.GetImages())
	}
}

func redactStream(s *livekit.StreamOutput) {
	for i, raw := range s.GetUrls() {
		s.Urls[i] = redactURL(raw)
	}
}

func redactUpload(u uploader) {
	if s := u.GetS3(); s != nil {
		s.AccessKey = name(s.AccessKey, "access_key")
		s.Secret = name(s.Secret, "secret")
		s.SessionToken = name(s.SessionToken, "session_token")
		s.AssumeRoleExternalId = name(s.AssumeRoleExternalId, "assume_role_external_id")
		redactProxy(s.Proxy)
	}
	if g := u.GetGcp(); g != nil {
		g.Credentials = name(g.Credentials, "credentials")
		redactProxy(g.Proxy)
	}
	if a := u.GetAzure(); a != nil {
		a.AccountName = name(a.AccountName, "account_name")
		a.AccountKey = name(a.AccountKey, "account_key")
	}
	if a := u.GetAliOSS(); a != nil {
		a.AccessKey = name(a.AccessKey, "access_key")
		a.Secret = name(a.Secret, "secret")
	}
}

func redactProxy(p *livekit.ProxyConfig) {
	if p != nil {
		p.Url = redactURL(p.Url)
		p.Password = name(p.Password, "password")
	}
}

func name(value, field string) string {
	if value == "" {
		return ""
	}
	return "{" + field + "}"
}
