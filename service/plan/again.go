package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils"
)

// Why an egress cannot be tried again.
var (
	errAgainKind    = errors.New("only RoomComposite, Participant and TrackComposite egresses are resumed")
	errAgainStreams = errors.New("the keys of its streams are known to its own node only")
	errAgainStore   = errors.New("the credentials of the storage that its request names are known to its own node only")
	errAgainPage    = errors.New("the secrets of its page's address are known to its own node only")
	errAgainLimit   = errors.New("its session limit has been reached")
)

// resumed begins the sentence of details that tells of a try before.
const resumed = "Resumed on another node: "

// Again is the request of the next try of an egress, made of what livekit-server was told of the last one. Secrets are
// not in there: what needs those of the request cannot be tried again. The error is for EgressInfo.
func Again(was *livekit.EgressInfo) (*rpc.StartEgressRequest, error) {
	was = utils.CloneProto(was)
	req := &rpc.StartEgressRequest{EgressId: was.EgressId, RoomId: was.RoomId, RoomName: was.RoomName, RetryCount: was.RetryCount + 1}
	switch r := was.Request.(type) {
	case *livekit.EgressInfo_RoomComposite:
		req.Request = &rpc.StartEgressRequest_RoomComposite{RoomComposite: r.RoomComposite}
	case *livekit.EgressInfo_Participant:
		req.Request = &rpc.StartEgressRequest_Participant{Participant: r.Participant}
	case *livekit.EgressInfo_TrackComposite:
		req.Request = &rpc.StartEgressRequest_TrackComposite{TrackComposite: r.TrackComposite}
	default:
		return nil, errAgainKind
	}
	w, err := wishOf(req)
	switch {
	case err != nil:
		return nil, err
	case w.want.stream != nil:
		return nil, errAgainStreams
	case blankedURL(w.base):
		return nil, errAgainPage
	case slices.ContainsFunc(w.want.stored(), blanked):
		return nil, errAgainStore
	case slices.ContainsFunc(w.want.names(), overwrites):
		return nil, errRetry()
	}
	return req, nil
}

// blanked tells whether Redact has taken something out of a store that is needed to reach it.
func blanked(u uploader) bool {
	if u == nil {
		return false
	}
	s, g, a, o := u.GetS3(), u.GetGcp(), u.GetAzure(), u.GetAliOSS()
	secret := cmp.Or(
		s.GetAccessKey(), s.GetSecret(), s.GetSessionToken(), s.GetAssumeRoleExternalId(), s.GetProxy().GetPassword(),
		g.GetCredentials(), g.GetProxy().GetPassword(),
		a.GetAccountName(), a.GetAccountKey(), o.GetAccessKey(), o.GetSecret(),
	)
	return secret != "" || blankedURL(s.GetProxy().GetUrl()) || blankedURL(g.GetProxy().GetUrl())
}

func blankedURL(url string) bool {
	return strings.Contains(url, "{") || strings.Contains(url, ":"+blankPassword+"@")
}

// names are those that the request has for what is made.
func (o *outputSet) names() []string {
	var all []string
	if o.file != nil {
		all = append(all, o.file.path)
	}
	if s := o.segments; s != nil {
		all = append(all, cmp.Or(s.FilenamePrefix, s.PlaylistName), s.PlaylistName, s.LivePlaylistName)
	}
	for _, i := range o.images {
		all = append(all, i.GetFilenamePrefix())
	}
	return all
}

// overwrites tells of a name that is the same for each try. What the try before has made under it may be delivered
// later, so that images and playlists are no exception here.
func overwrites(name string) bool {
	return name != "" && !strings.HasSuffix(name, "/") && !strings.Contains(name, "{retry}")
}

// Continue makes a plan of Again's request the continuation of the egress, whose last try gave its last sign of life at
// heard. The error is for EgressInfo.
func (p *Plan) Continue(was *livekit.EgressInfo, heard time.Time) error {
	begun := time.Unix(0, was.StartedAt)
	if p.MaxDuration > 0 {
		if p.MaxDuration -= heard.Sub(begun); p.MaxDuration <= 0 {
			return errAgainLimit
		}
	}
	p.Info.StartedAt = was.StartedAt
	var told []string
	for _, sentence := range strings.Split(was.Details, "; ") {
		if strings.HasPrefix(sentence, resumed) {
			told = append(told, sentence)
		}
	}
	p.Info.Details = strings.Join(append(told, fmt.Sprintf("%swhat was recorded until %s (%s) is delivered if its node comes back",
		resumed, heard.UTC().Format("15:04:05 MST"), madeBefore(was))), "; ")
	return nil
}

// madeBefore names what the last try has made.
func madeBefore(was *livekit.EgressInfo) string {
	var names []string
	for _, f := range was.FileResults {
		names = append(names, f.Filename)
	}
	for _, s := range was.SegmentResults {
		names = append(names, s.PlaylistName)
	}
	for _, i := range was.ImageResults {
		names = append(names, i.FilenamePrefix+"*")
	}
	return strings.ReplaceAll(strings.Join(names, ", "), ";", "_")
}
