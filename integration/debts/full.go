package debts

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// fullSlowly has the disk of a recording's output fill while it is recorded, beside another recording elsewhere.
func fullSlowly() accept.Case {
	return accept.Case{
		ID: "tmpfs-full", Line: 4, Title: "the tmpfs of an output fills, 1 MB a second, beside a recording elsewhere",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			q, err := newQuotaDock(ctx, 64, false)
			if err != nil {
				return err
			}
			defer func() { _ = q.close() }()
			r, err := q.record(ctx, filepath.Join(q.quota, "full.mp4"))
			if err != nil {
				return err
			}
			other, err := q.record(ctx, filepath.Join(q.Media, "other.mp4"))
			if err != nil {
				return err
			}
			over := make(chan struct{})
			loaded := make(chan error, 1)
			go func() { loaded <- q.load(ctx, 1, over) }()
			told, err := q.API.WaitEgress(ctx, r.Info.EgressId, func(i *livekit.EgressInfo) bool {
				return strings.Contains(i.Details, "Disk space low: ") || rig.Terminal(i)
			})
			if err != nil {
				return err
			}
			warning := time.Now()
			o.Add("told while it fills", "%v, %s", told.Status, told.Details)
			o.Want(told.Status == livekit.EgressStatus_EGRESS_ACTIVE, "the end came without a warning")
			final, err := r.End(ctx)
			if err != nil {
				return err
			}
			o.Add("warning to end", "%.1f s", time.Since(warning).Seconds())
			close(over)
			if err := <-loaded; err != nil {
				return err
			}
			q.judgeFull(ctx, o, final)
			o.Want(!strings.Contains(final.Details, "finalised"), "it was saved too late for its final form: %s", final.Details)
			lines, err := q.warned()
			o.Want(err == nil && lines > 0, "%d warnings in the log, %v", lines, err)
			o.Add("warnings in the log", "%d", lines)
			// Nothing else is hurt.
			if err := lab.Pause(ctx, 3*time.Second); err != nil {
				return err
			}
			info, _, err := other.Stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && info.Error == "", "the recording beside it: %v %q", info.Status, info.Error)
			length, err := seconds(ctx, info.FileResults[0].Location)
			o.Want(err == nil && length > time.Duration(final.FileResults[0].Duration).Seconds(), "the recording beside it has %.1f s: %v", length, err)
			return nil
		},
	}
}

// judgeFull looks at what a full disk has made of an egress.
func (q *quotaDock) judgeFull(ctx context.Context, o *accept.Outcome, final *livekit.EgressInfo) {
	o.Add("the end", "%v %d, %s; %s", final.Status, final.ErrorCode, final.Error, final.Details)
	o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && strings.HasPrefix(final.Error, "disk full: "), "%v %q", final.Status, final.Error)
	f := final.FileResults[0]
	if f.Location == "" {
		o.Want(false, "no file: %v", f)
		return
	}
	length, err := seconds(ctx, q.seen(f.Location))
	if err != nil {
		o.Want(false, "%v", err)
		return
	}
	recorded := time.Duration(final.EndedAt - f.StartedAt)
	o.Add("file", "%.1f s of %.1f s, %.1f MB", length, recorded.Seconds(), float64(f.Size)/1e6)
	o.Want(recorded.Seconds()-length < lostAtMost.Seconds() && length > 1, "the file has %.1f s of %v", length, recorded)
	told := time.Duration(f.Duration).Seconds()
	o.Want(told > length-0.15 && told < length+0.15, "the duration told is %.2f s, the file's is %.2f s", told, length)
}

// fullAtOnce has the disk of the work directory full from one moment to the next, under two recordings.
func fullAtOnce() accept.Case {
	return accept.Case{
		ID: "tmpfs-full-work", Line: 4, Title: "the tmpfs of work_dir is full at once, under recordings to there and to elsewhere",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			q, err := newQuotaDock(ctx, 256, true) // two Chromiums keep their profiles there
			if err != nil {
				return err
			}
			defer func() { _ = q.close() }()
			var all []*lab.Recording
			for _, name := range []string{filepath.Join(q.quota, "there.mp4"), filepath.Join(q.Media, "elsewhere.mp4")} {
				r, err := q.record(ctx, name)
				if err != nil {
					return err
				}
				all = append(all, r)
			}
			if err := lab.Pause(ctx, 5*time.Second); err != nil {
				return err
			}
			if err := q.load(ctx, 1000, nil); err != nil { // as fast as it goes
				return err
			}
			for _, r := range all {
				final, err := r.End(ctx)
				if err != nil {
					return err
				}
				q.judgeFull(ctx, o, final)
			}
			return q.afterwards(ctx, o)
		},
	}
}

// afterwards shows that the node refuses in plain words while the disk is full, and works when it is not.
func (q *quotaDock) afterwards(ctx context.Context, o *accept.Outcome) error {
	if err := q.load(ctx, 1000, nil); err != nil { // what was ended has made room
		return err
	}
	refused, err := q.API.StartWeb(ctx, &livekit.WebEgressRequest{
		Url: q.pages.URL, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: filepath.Join(q.Media, "refused.mp4")}},
	})
	if err == nil {
		if refused, err = q.API.WaitEgress(ctx, refused.EgressId, rig.Terminal); err != nil {
			return err
		}
		o.Add("another one on the full disk", "%v, %s", refused.Status, refused.Error)
		o.Want(refused.Status == livekit.EgressStatus_EGRESS_FAILED && strings.Contains(refused.Error, "disk full: "), "%v %q", refused.Status, refused.Error)
	} else {
		o.Add("another one on the full disk", "%v", err)
	}
	if err := os.Remove(q.ballast()); err != nil {
		return err
	}
	r, err := q.record(ctx, filepath.Join(q.Media, "again.mp4"))
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, 3*time.Second); err != nil {
		return err
	}
	info, _, err := r.Stop(ctx)
	if err != nil {
		return err
	}
	o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "with room again: %v %q", info.Status, info.Error)
	return nil
}
