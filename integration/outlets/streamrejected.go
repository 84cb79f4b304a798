package outlets

import (
	"context"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// rejected streams to a server that refuses and to one that takes the stream and hangs up, beside one that is well and a
// file.
func rejected() accept.Case {
	return accept.Case{
		ID: "stream-rejected", Line: 3, Title: "one stream rejected, one taken and hung up on each time; a third and the file lose nothing",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			const third = "planted-third-key"
			s, err := newStudio(ctx, streamKey, otherKey, third)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			begin := time.Now()
			if err := s.air(ctx, true, s.nginx.URL("live", streamKey), s.nginx.URL("closed", otherKey), s.nginx.URL("fickle", third)); err != nil {
				return err
			}
			info, err := s.streams(ctx, 60*time.Second, func(all []*livekit.StreamInfo) bool { return all[2].Status == livekit.StreamInfo_FAILED })
			if err != nil {
				return err
			}
			o.Add("given up after", "%.1f s", time.Since(begin).Seconds())
			o.Want(info.Status == livekit.EgressStatus_EGRESS_ACTIVE, "with two of three streams failed the egress is %v", info.Status)
			if err := onAir(ctx, 3*time.Second); err != nil {
				return err
			}
			if info, err = s.stop(ctx); err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && info.Error == "", "%v: %s", info.Status, info.Error)
			whole(o, info.StreamResults[0], livekit.StreamInfo_FINISHED)
			for _, r := range info.StreamResults[1:] {
				whole(o, r, livekit.StreamInfo_FAILED)
				o.Add(r.Url, "%d retries: %s", r.Retries, r.Error)
			}
			o.Want(info.StreamResults[1].Retries == 0 && info.StreamResults[2].Retries >= 5, "%d and %d retries", info.StreamResults[1].Retries, info.StreamResults[2].Retries)
			s.secretless(o, info)
			inOrder(o, s.Webhooks.Egress(s.id))
			length := time.Duration(info.FileResults[0].Duration) - 2*time.Second
			if err := s.oneSession(ctx, o, "the third", streamKey, length, false); err != nil {
				return err
			}
			return besides(ctx, o, info)
		},
	}
}

// inOrder judges what the webhooks told of each stream, one after the other: it is active, perhaps tried again, and ends
// once.
func inOrder(o *accept.Outcome, hooks []rig.Hook) {
	told := map[string][]*livekit.StreamInfo{}
	var urls []string
	for _, h := range hooks {
		for _, s := range h.Event.EgressInfo.StreamResults {
			if _, ok := told[s.Url]; !ok {
				urls = append(urls, s.Url)
			}
			told[s.Url] = append(told[s.Url], s)
		}
	}
	for _, url := range urls {
		var statuses []livekit.StreamInfo_Status
		retries := uint32(0)
		for _, s := range told[url] {
			statuses = append(statuses, s.Status)
			o.Want(s.Retries >= retries, "%s: %d retries are told after %d", url, s.Retries, retries)
			retries = s.Retries
		}
		statuses = slices.Compact(statuses)
		o.Add(url+", as told one after the other", "%v", statuses)
		o.Want(len(statuses) == 2 && statuses[0] == livekit.StreamInfo_ACTIVE, "%s: told %v", url, statuses)
	}
}
